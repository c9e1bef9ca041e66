// Keeps the overview up to date. Without it every page is whole, and as old as it was loaded.
"use strict";

const place = document.querySelector("[data-live]");
if (place && window.EventSource) {
  const state = place.querySelector("[data-live-state]");
  const pause = place.querySelector("[data-live-pause]");
  let source = null;

  const tell = (text, live) => {
    state.textContent = text;
    place.classList.toggle("on", live);
  };

  const put = (name, html) => {
    const part = document.querySelector(`[data-part="${name}"]`);
    // What somebody is about to follow with the keyboard, or is marking, stays where it is.
    const marked = document.getSelection();
    if (!part || part.contains(document.activeElement) || (!marked.isCollapsed && part.contains(marked.anchorNode))) return;
    const parsed = new DOMParser().parseFromString(html, "text/html");
    part.replaceChildren(...parsed.body.childNodes);
  };

  const begin = () => {
    source = new EventSource(place.dataset.live);
    source.onopen = () => tell("Live", true);
    source.onmessage = (message) => {
      tell("Live", true);
      for (const [name, html] of Object.entries(JSON.parse(message.data))) put(name, html);
    };
    source.onerror = () => tell(source.readyState === EventSource.CLOSED ? "Not live: load the page again." : "Connecting ...", false);
  };

  const end = () => {
    if (source) source.close();
    source = null;
  };

  pause.hidden = false;
  pause.addEventListener("click", () => {
    if (source) {
      end();
      tell("Paused", false);
      pause.textContent = "Go on";
    } else {
      begin();
      pause.textContent = "Pause";
    }
  });
  window.addEventListener("pagehide", end);
  window.addEventListener("pageshow", (event) => { if (event.persisted) begin(); });
  tell("Connecting ...", false);
  begin();
}
