/**
 * The script of every page. While the run goes on, it asks for the page again when the server says that something is new, and puts the new
 * content into the elements that are marked `data-live`; without it the pages work and do not move. A page that nobody looks at listens to
 * nothing: browsers open six connections to a server, and forgotten tabs would hold them all.
 */
export const viewScript = `"use strict";
(() => {
  const address = document.body.dataset.events;
  let source = null;
  let asking = false;
  let again = false;

  async function renew() {
    if (asking) { again = true; return; }
    asking = true;
    const begun = performance.now();
    try {
      const response = await fetch(location.href, { headers: { accept: "text/html" } });
      if (!response.ok) return;
      const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
      for (const element of document.querySelectorAll("[data-live]")) {
        const next = fresh.getElementById(element.id);
        if (next !== null && next.innerHTML !== element.innerHTML && !isHeld(element))
          element.replaceChildren(...[...next.childNodes].map((node) => document.adoptNode(node)));
      }
    } catch {
      connection("This page could not be renewed: the view has ended. Start \`tollgate view\` again.");
    } finally {
      // A large run takes time to read, on a machine that measures: at most a tenth of one processor.
      const rest = 9 * (performance.now() - begun);
      setTimeout(() => {
        asking = false;
        if (again) { again = false; void renew(); }
      }, rest);
    }
  }

  // What a reader has marked or unfolded is not pulled away.
  function isHeld(element) {
    const marked = getSelection();
    if (marked !== null && !marked.isCollapsed && element.contains(marked.anchorNode)) return true;
    return element.querySelector("details[open]") !== null;
  }

  function connection(text) {
    let box = document.getElementById("connection");
    if (text === null) { box?.remove(); return; }
    if (box === null) {
      box = document.createElement("p");
      box.id = "connection";
      box.setAttribute("role", "status");
      document.body.append(box);
    }
    box.textContent = text;
  }

  function listen() {
    if (address === undefined || source !== null || document.hidden) return;
    source = new EventSource(address);
    source.addEventListener("change", (event) => {
      connection(null);
      const { title } = JSON.parse(event.data);
      if (typeof title === "string") document.title = title;
      void renew();
    });
    source.addEventListener("open", () => connection(null));
    source.addEventListener("error", () => connection("Not connected: the view has ended, or the machine sleeps."));
  }

  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) { listen(); return; }
    source?.close();
    source = null;
  });
  addEventListener("pagehide", () => { source?.close(); source = null; });
  addEventListener("pageshow", listen);

  // A link to something that is folded away opens what is around it.
  function unfold() {
    const target = document.querySelector(":target");
    if (target === null) return;
    for (let at = target; at !== null; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
    target.scrollIntoView();
  }
  addEventListener("hashchange", unfold);
  unfold();
  listen();
})();
`;
