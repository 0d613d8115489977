// A video elsewhere plays in place once the reader asks for it; before that nothing of it is loaded.
for (const embed of document.querySelectorAll("[data-embed]")) {
  embed.querySelector("[data-embed-play]").addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    const frame = document.createElement("iframe");
    frame.className = "embed__frame";
    frame.src = embed.dataset.embed;
    frame.title = embed.querySelector(".embed__title").textContent;
    frame.allow = "autoplay; fullscreen; picture-in-picture";
    frame.referrerPolicy = "strict-origin-when-cross-origin";
    // The title and the way to the transcript stay where the component has a stage for the picture.
    (embed.querySelector(".embed__stage") ?? embed).replaceChildren(frame);
    frame.focus();
  });
}
