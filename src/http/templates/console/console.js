// Nothing here is needed: pages and forms work without it. It shows times in the reader's zone, copies values,
// keeps a form from being sent twice, and looks again at what a page waits for.
"use strict";

function localTimes(root) {
  for (const element of root.querySelectorAll("time[datetime]")) {
    const at = new Date(element.dateTime);
    if (!Number.isNaN(at.getTime())) {
      element.textContent = at.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
    }
  }
}

function copyButtons(root) {
  for (const button of root.querySelectorAll("button[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      const field = document.getElementById(button.dataset.copy);
      const said = document.getElementById("said");
      field.select();
      try {
        await navigator.clipboard.writeText(field.value);
        said.textContent = "Copied";
      } catch {
        said.textContent = "Press Ctrl and C to copy what is selected";
      }
    });
  }
}

function onlyOnce(event) {
  // A download leaves the page where it is.
  if (event.defaultPrevented || event.submitter?.hasAttribute("data-download")) return;
  const form = event.target;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  if (event.submitter) event.submitter.setAttribute("aria-busy", "true");
}

function ready(event) {
  // Back from the browser's memory, a form may be sent again.
  if (!event.persisted) return;
  for (const form of document.forms) delete form.dataset.sent;
  for (const button of document.querySelectorAll("[aria-busy]")) button.removeAttribute("aria-busy");
}

async function look(live) {
  try {
    const answer = await fetch(location.href, { credentials: "same-origin", cache: "no-store" });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById(live.id);
    if (fresh && fresh.dataset.live !== live.dataset.live) {
      live.dataset.live = fresh.dataset.live;
      live.replaceChildren(...fresh.childNodes);
      localTimes(live);
      copyButtons(live);
    }
  } catch {
    // The next look may find the server again.
  }
}

document.addEventListener("submit", onlyOnce);
window.addEventListener("pageshow", ready);
localTimes(document);
copyButtons(document);
const live = document.querySelector("[data-live]");
if (live) setInterval(() => { if (!document.hidden) look(live); }, 3000);
