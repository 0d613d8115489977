// A menu made of <details> closes on Escape and when the reader turns to something else.
const folds = document.querySelectorAll("details[data-fold]");

document.addEventListener("click", (event) => {
  for (const fold of folds) if (fold.open && !fold.contains(event.target)) fold.open = false;
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const fold of folds) {
    if (!fold.open) continue;
    const inside = fold.contains(document.activeElement);
    fold.open = false;
    if (inside) fold.querySelector("summary").focus();
  }
});

for (const fold of folds) {
  fold.addEventListener("focusout", (event) => {
    if (event.relatedTarget && !fold.contains(event.relatedTarget)) fold.open = false;
  });
}
