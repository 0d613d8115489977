// Forms: the time zone is guessed where the page could not know it, and what went wrong is read first.

// Some browsers keep names that the list of zones has given up.
const renamed = {
  "Africa/Asmera": "Africa/Asmara",
  "America/Buenos_Aires": "America/Argentina/Buenos_Aires",
  "America/Catamarca": "America/Argentina/Catamarca",
  "America/Cordoba": "America/Argentina/Cordoba",
  "America/Godthab": "America/Nuuk",
  "America/Indianapolis": "America/Indiana/Indianapolis",
  "America/Jujuy": "America/Argentina/Jujuy",
  "America/Louisville": "America/Kentucky/Louisville",
  "America/Mendoza": "America/Argentina/Mendoza",
  "Asia/Calcutta": "Asia/Kolkata",
  "Asia/Katmandu": "Asia/Kathmandu",
  "Asia/Rangoon": "Asia/Yangon",
  "Asia/Saigon": "Asia/Ho_Chi_Minh",
  "Atlantic/Faeroe": "Atlantic/Faroe",
  "Europe/Kiev": "Europe/Kyiv",
  "Pacific/Ponape": "Pacific/Pohnpei",
  "Pacific/Truk": "Pacific/Chuuk",
};
const told = Intl.DateTimeFormat().resolvedOptions().timeZone ?? "";
const zone = renamed[told] ?? told;

for (const field of document.querySelectorAll("[data-guess-timezone]")) {
  // The server's guess gives way; what the person or an earlier answer has chosen does not.
  if (!zone || field.value !== field.dataset.guessTimezone) continue;
  if (field.tagName !== "SELECT" || [...field.options].some((option) => option.value === zone)) field.value = zone;
}

// Forms that carry the zone along unseen.
for (const field of document.querySelectorAll("input[data-browser-zone]")) field.value ||= zone;

// The line over folded fields says what they hold now.
for (const fold of document.querySelectorAll(".folded")) {
  const line = fold.querySelector(".folded__words");
  const selects = [...fold.querySelectorAll("select")];
  const say = () => {
    const words = selects.filter((select) => select.value).map((select) => select.selectedOptions[0].text);
    line.replaceChildren(
      ...words.flatMap((word, index) => {
        const part = document.createElement("bdi");
        part.textContent = word;
        return index ? [" · ", part] : [part];
      }),
    );
  };
  if (selects.length === fold.querySelectorAll(".field").length) {
    fold.addEventListener("change", say);
    say();
  }
}

const summary = document.querySelector("[data-focus]");
if (summary) {
  summary.focus();
  // A part of the page that the address still names would take the focus once the page has loaded.
  if (location.hash) {
    history.replaceState(history.state, "", location.pathname + location.search);
    addEventListener("load", () => setTimeout(() => summary.focus()));
  }
}

// A second press of the button while the first is on its way would ask twice.
for (const form of document.querySelectorAll("form[method=post]")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
  });
}
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});
