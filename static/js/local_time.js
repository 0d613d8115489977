// The reader's own time beside the event's, where the two differ; words and order come from the page.
const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
const language = document.documentElement.lang;

function clock(moment, zone) {
  return new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: zone }).format(moment);
}

function day(moment, zone) {
  // As in the dates that the server writes: Latin digits in every language, and the day before the month in English.
  const locale = new Intl.Locale(language === "en" ? "en-GB" : language, { numberingSystem: "latn" });
  return new Intl.DateTimeFormat(locale, { weekday: "long", day: "numeric", month: "long", timeZone: zone }).format(moment);
}

for (const place of document.querySelectorAll("[data-local]")) {
  const start = new Date(place.dataset.local);
  const end = place.dataset.localEnd && new Date(place.dataset.localEnd);
  const theirs = place.dataset.localZone;
  if (day(start, here) === day(start, theirs) && clock(start, here) === clock(start, theirs)) continue;
  let text = clock(start, here);
  if (end) text = place.dataset.localRange.replace("%(start)s", text).replace("%(end)s", clock(end, here));
  // A line may end after the day, not between the clocks.
  text = text.replaceAll(" ", "\u00a0");
  if (day(start, here) !== day(start, theirs)) text = place.dataset.localDay.replace("%(day)s", day(start, here)).replace("%(clocks)s", text);
  place.querySelector("time").textContent = text;
  place.hidden = false;
}
