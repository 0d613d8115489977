// The line above folded fields says what they hold, also when a script or the person has changed them.
for (const folded of document.querySelectorAll("details.folded")) {
  const words = folded.querySelectorAll(".folded__words bdi");
  const fields = folded.querySelectorAll("select");
  if (words.length !== fields.length) continue;
  const tell = () => fields.forEach((field, number) => {
    words[number].textContent = field.selectedOptions[0]?.textContent ?? "";
  });
  folded.addEventListener("change", tell);
  // After the other scripts, one of which guesses the time zone.
  requestAnimationFrame(tell);
}
