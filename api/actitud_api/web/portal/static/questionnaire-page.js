"use strict";
// The parts of the questionnaire in the page, and what is told beside its fields. Its scripts are loaded in order and
// share what each of them returns. Every word stands in the page (`#words`).
const Page = (() => {
  const form = document.getElementById("questionnaire");
  const $ = (selector, within = document) => within.querySelector(selector);
  const $$ = (selector, within = document) => [...within.querySelectorAll(selector)];
  const words = Object.fromEntries($$("#words [data-word]").map((item) => [item.dataset.word, item.textContent.trim()]));
  const word = (name, values = {}) => words[name].replace(/\{(\w+)\}/g, (_, key) => values[key]);
  // As the service writes it, so that what both find is told once: 5 March 2028, and not March 5, 2028.
  const locale = form.dataset.language === "en" ? "en-GB" : form.dataset.language;
  const sayDay = (day) => new Intl.DateTimeFormat(locale, { dateStyle: "long", timeZone: "UTC" }).format(new Date(day));
  const controls = $$("[data-pointer]", form);
  for (const control of controls) control.dataset.hint = control.getAttribute("aria-describedby") ?? "";
  const blocks = new Map($$("[data-code]", form).map((block) => [block.dataset.code, block]));

  // "changed": something was answered; "scored": there is a new result, or none; "saved": all is kept elsewhere.
  const events = new EventTarget();
  const announce = (name) => events.dispatchEvent(new Event(name));
  const on = (name, act) => events.addEventListener(name, act);

  function element(name, text, className) {
    const made = document.createElement(name);
    made.textContent = text;
    if (className) made.className = className;
    return made;
  }

  function linkTo(text, id) {
    const link = element("a", text);
    link.href = `#${id}`;
    return link;
  }

  function linked(text, id) {
    const item = document.createElement("li");
    item.append(linkTo(text, id));
    return item;
  }

  function say(place, text, items = []) {
    place.replaceChildren(element("p", text));
    if (items.length) {
      const list = document.createElement("ul");
      list.append(...items.map((item) => element("li", item)));
      place.append(list);
    }
  }

  const titleOf = (code) => $("h3, label, .label", blocks.get(code)).firstChild.textContent.trim();

  // --- what is wrong, beside the field ---------------------------------------------------------------------------

  function blockOf(pointer) {
    const [, top, code] = pointer.split("/").map((step) => step.replace(/~1/g, "/").replace(/~0/g, "~"));
    return ["answers", "profile", "profile_evidence", "profile_self_declared"].includes(top) ? blocks.get(code) : undefined;
  }

  function controlOf(pointer) {
    return controls.find((one) => pointer === one.dataset.pointer || pointer.startsWith(`${one.dataset.pointer}/`));
  }

  function describe(control, id) {
    const ids = [control.dataset.hint, id].filter(Boolean).join(" ");
    if (ids) control.setAttribute("aria-describedby", ids);
    else control.removeAttribute("aria-describedby");
  }

  let documentsTold = 0;

  // `source`: what found it, so that the next time it tells anew what it finds. `choices`: buttons that mend it.
  // `row`: the document that it is about, beside which it is told.
  function tell(block, source, text, { severity = "error", control, choices = [], row = block } = {}) {
    const list = $("[data-problems]", row);
    // A finding of the draft that the score tells too is told once, by the score, which mends it first.
    const same = [...list.children].find((one) => one.dataset.source !== source && one.firstChild.textContent === text);
    if (same && source !== "score") return;
    same?.remove();
    const item = element("li", text, severity);
    item.dataset.source = source;
    for (const { label, act } of choices) {
      const button = element("button", label, "small");
      button.type = "button";
      button.addEventListener("click", act);
      item.append(" ", button);
    }
    list.append(item);
    list.hidden = false;
    list.id ||= `problems-${block.dataset.code}${row === block ? "" : `-${(documentsTold += 1)}`}`;
    const marked = control ?? $("[data-pointer]", block);
    if (marked) describe(marked, list.id);
    if (control && severity === "error" && !control.classList.contains("derived")) control.setAttribute("aria-invalid", "true");
  }

  function clearProblems(source) {
    for (const item of $$(`[data-problems] [data-source="${source}"]`, form)) item.remove();
    for (const list of $$("[data-problems]", form)) {
      if (list.childElementCount > 0) continue;
      list.hidden = true;
      if (list.id === "") continue;
      for (const marked of $$(`[aria-describedby~="${list.id}"]`, form)) {
        describe(marked, "");
        marked.removeAttribute("aria-invalid");
      }
    }
  }

  function missing(pointer) {
    if (pointer.endsWith("/url")) return word("no-url");
    if (pointer.endsWith("/date")) return word("no-date");
    return word("incomplete");
  }

  const textOf = ({ rule, pointer, detail, text }) => (rule === "required" ? missing(pointer) : (detail ?? text));

  // The row of a document, and its field. Blank rows were not sent.
  function documentAt(block, pointer) {
    const [, index, member = "url"] = pointer.match(/\/(?:evidence|profile_evidence\/[^/]+)\/(\d+)(?:\/(\w+))?$/) ?? [];
    const isFilled = (row) => $$("input", row).some((field) => field.value.trim() !== "");
    const row = $$("[data-documents] > li", block).filter(isFilled)[index];
    return row && { row, control: $(`[data-${member === "note" ? "document-note" : member}]`, row) };
  }

  // Tells problems at their pointers; those that belong to no field are returned.
  function tellAll(errors, source) {
    return errors.filter((error) => {
      const block = error.pointer ? blockOf(error.pointer) : undefined;
      if (!block) return true;
      tell(block, source, textOf(error), {
        severity: error.severity ?? "error",
        control: controlOf(error.pointer),
        ...documentAt(block, error.pointer),
      });
      if (error.pointer.includes("evidence") || error.pointer.endsWith("/note")) {
        $$("details.support", block).forEach((details) => (details.open = true));
      }
      return false;
    });
  }

  // What a problem says, or that it is all told beside the fields.
  function summary(problem, rest) {
    const isBeside = problem.status === 400 && problem.errors?.length > 0 && rest.length === 0;
    return isBeside ? word("refused") : problem.detail;
  }

  return { form, settings: form.dataset, $, $$, word, sayDay, controls, blocks, announce, on, element, linkTo, linked, say, titleOf, blockOf, tell, clearProblems, textOf, tellAll, summary };
})();
