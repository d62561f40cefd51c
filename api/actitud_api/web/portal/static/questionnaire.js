"use strict";
// The questionnaire at work: what was kept is put back, and what is answered is scored and kept.
(() => {
  const { $, $$, form, settings } = Page;
  let isKept = true;

  Page.on("changed", () => (isKept = Memory.keep()));

  // Answers stay in the tab. Only what this browser would lose is warned of.
  window.addEventListener("beforeunload", (event) => {
    if (!isKept || Draft.isReplying()) event.preventDefault();
  });

  // The date on paper, which a page that stays open for days has to look up then.
  window.addEventListener("beforeprint", () => {
    $("[data-printed]").textContent = new Intl.DateTimeFormat(settings.language, { dateStyle: "long" }).format(new Date());
  });

  form.addEventListener("submit", (event) => event.preventDefault());

  form.addEventListener("input", (event) => {
    const box = event.target;
    if (box.type === "checkbox" && box.closest("[data-kind='components']") && box.checked) {
      // "None of them" and the others exclude each other.
      for (const other of $$("input", box.closest("[data-pointer]"))) {
        if ((box.value === "") !== (other.value === "")) other.checked = false;
      }
    }
    if (box.dataset.replyText === undefined) Page.announce("changed");
  });

  form.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    const block = event.target.closest("[data-code]");
    if (button?.dataset.add !== undefined) $("[data-url]", Answers.addDocument(block)).focus();
    if (button?.dataset.take !== undefined) {
      Answers.putDerived($("[data-formula]", button.closest(".field")));
      Page.announce("changed");
    }
    if (button?.dataset.remove !== undefined) {
      button.closest("li").remove();
      $("[data-add]", block).focus();
      Page.announce("changed");
    }
  });

  for (const part of $$("[data-scripted]")) part.hidden = false;
  $("fieldset.all").disabled = false;
  const kept = Memory.restore();
  if (Memory.takeCarried()) Page.say($("#file-status"), Page.word("loaded-short"));
  Steps.start(kept?.step);
  Memory.start();
  Draft.start();
  Blank.start();
  if (settings.published && !kept) Published.load();
  Result.score();
})();
