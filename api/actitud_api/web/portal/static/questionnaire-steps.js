"use strict";
// One step at a time: the profile, each dimension, the end. The step stands in the fragment of the address, so that
// Back, links and bookmarks lead to it; a link to a question or field shows the step in which it is.
const Steps = (() => {
  const { $, $$, word, blocks } = Page;
  const sections = $$(".step", Page.form);
  const links = new Map($$("[data-step-link]").map((item) => [item.dataset.stepLink, item]));
  const blocksOf = new Map(sections.map((section) => [section, [...blocks].filter(([, block]) => section.contains(block))]));
  const isOff = (block) => block.classList.contains("off");
  let here = sections[0];

  // What a step asks for, and how much of it is there. Of the end nothing is asked.
  function listAsked(section) {
    if (section.dataset.step === "profile") {
      const asked = Answers.neededFields.filter((one) => !Answers.isDerived(one));
      return asked.map((one) => ({ id: Answers.name(one), isDone: Answers.valueOf(one) !== undefined }));
    }
    const asked = blocksOf.get(section).filter(([code, block]) => Answers.isAsked(code) && !isOff(block));
    return asked.map(([code]) => ({ id: code, isDone: Answers.isWhole(code) }));
  }

  function showProgress() {
    const lines = [];
    const total = { done: 0, all: 0 };
    for (const section of sections) {
      const asked = listAsked(section);
      const done = asked.filter(({ isDone }) => isDone).length;
      total.done += done;
      total.all += asked.length;
      const { step } = section.dataset;
      const item = links.get(step);
      const isEnd = section === sections.at(-1);
      $("[data-done]", item).textContent = isEnd ? "" : asked.length === 0 ? word("nothing-asked") : word("done", { done, all: asked.length });
      item.classList.toggle("whole", asked.length > 0 && done === asked.length);
      const open = asked.find(({ isDone }) => !isDone);
      if (open) {
        const line = Page.linked($("a", item).textContent, open.id);
        line.append(`: ${word("left", { left: asked.length - done })}`);
        lines.push(line);
      }
    }
    $("[data-total]").textContent = word("total", total);
    $("[data-total-bar]").setAttribute("width", total.all === 0 ? 0 : (100 * total.done) / total.all);
    $("[data-left-list]").replaceChildren(...lines);
    $("[data-nothing-left]").hidden = lines.length > 0;
  }

  function show(section) {
    if (section !== here) $("details", $(".steps")).open = false;
    here = section;
    for (const one of sections) one.classList.toggle("here", one === section);
    for (const [step, item] of links) {
      if (step === section.dataset.step) $("a", item).setAttribute("aria-current", "step");
      else $("a", item).removeAttribute("aria-current");
    }
    $("[data-step-number]").textContent = sections.indexOf(section) + 1;
    $("[data-step-name]").textContent = $("a", links.get(section.dataset.step)).textContent;
  }

  function findTarget() {
    try {
      return document.getElementById(decodeURIComponent(window.location.hash.slice(1)));
    } catch {
      return null; // %E0 is no text.
    }
  }

  function follow() {
    const target = findTarget();
    // Back at an address without a fragment is back at the beginning.
    const section = window.location.hash === "" ? sections[0] : target?.closest(".step");
    if (!section) return;
    show(section);
    if (!target) return;
    for (let details = target.closest("details"); details; details = details.parentElement.closest("details")) details.open = true;
    target.focus({ preventScroll: true });
    // Above the heading of a step stands which one it is.
    (target.parentElement === section && target.tagName === "H2" ? $(".steps") : target).scrollIntoView();
  }

  // `step`: where somebody was when the page was left.
  function start(step) {
    const left = sections.find((one) => one.dataset.step === step);
    if (window.location.hash === "" && left) show(left);
    else follow();
  }

  window.addEventListener("hashchange", follow);
  Page.on("changed", showProgress);
  Page.on("scored", showProgress);

  return { start, current: () => here.dataset.step };
})();
