/* Filters the operations. Without this script the groups open and close, and the field does not show. */
(() => {
  "use strict";

  // Bookmarks of the viewer that was here before: #/scores/scores.create
  const [, , operation] = window.location.hash.split("/");
  if (window.location.hash.startsWith("#/") && operation) {
    window.location.replace(`/docs/${operation}${window.location.search}`);
    return;
  }

  const words = document.getElementById("words");
  const found = document.getElementById("found");
  const groups = [...document.querySelectorAll(".group")];
  const fold = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

  const filter = () => {
    const asked = fold(words.value).split(/\s+/).filter(Boolean);
    let count = 0;
    for (const group of groups) {
      let shown = 0;
      for (const row of group.querySelectorAll("li")) {
        const text = fold(row.textContent);
        row.hidden = !asked.every((word) => text.includes(word));
        shown += row.hidden ? 0 : 1;
      }
      group.hidden = shown === 0;
      group.open = asked.length > 0;
      count += shown;
    }
    found.textContent = count === 1 ? found.dataset.one : found.dataset.many.replace("{count}", count);
  };

  const revealTarget = () => {
    const group = groups.find((one) => `#${one.id}` === window.location.hash);
    if (group) group.open = true;
  };

  document.getElementById("filter").hidden = false;
  words.addEventListener("input", filter);
  window.addEventListener("hashchange", revealTarget);
  // A browser may have kept what was written before the page was left.
  if (words.value) filter();
  revealTarget();
})();
