// Forms: the time zone is guessed where the page could not know it, and what went wrong is read first.
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

for (const field of document.querySelectorAll("select[data-guess-timezone], input[data-guess-timezone]")) {
  // The server's guess stands unless the person or an earlier answer has chosen.
  if (!zone || field.dataset.guessTimezone === "no" || field.value !== field.dataset.guessTimezone) continue;
  const known = field.tagName !== "SELECT" || [...field.options].some((option) => option.value === zone);
  if (known) field.value = zone;
}

// Forms that carry the zone along unseen.
for (const field of document.querySelectorAll("input[data-browser-zone]")) field.value ||= zone ?? "";

const summary = document.querySelector("[data-focus]");
if (summary) summary.focus();

// A second press of the button while the first is on its way would ask twice.
for (const form of document.querySelectorAll("form[method=post]")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
  });
  addEventListener("pageshow", () => delete form.dataset.sent);
}
