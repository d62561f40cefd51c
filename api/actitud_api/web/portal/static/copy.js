/* Buttons that copy what stands in the element that they name. Without this script they do not show. */
(() => {
  "use strict";

  for (const button of document.querySelectorAll("button[data-copies]")) {
    const source = document.getElementById(button.dataset.copies);
    const status = document.getElementById(button.dataset.says);
    button.hidden = false;
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(source.textContent);
        status.textContent = button.dataset.done;
      } catch {
        getSelection().selectAllChildren(source);
        status.textContent = button.dataset.selected;
      }
    });
  }
})();
