"use strict";
// What is filled in: read from the page, put into it, and made into what can be sent.
const Answers = (() => {
  const { $, $$, word, controls, blocks, element, settings } = Page;
  const { methodology, language } = settings;

  const isField = (control) => control.dataset.pointer.startsWith("/profile/");
  const isOfReview = (control) => control.closest(".review") !== null;
  const isNumber = (control) => control.dataset.kind === "integer" || control.dataset.kind === "number";
  const name = (control) => control.dataset.pointer.split("/").pop();
  const indicator = (control) => control.dataset.pointer.split("/")[2];

  // --- numbers ---------------------------------------------------------------------------------------------------

  // What was written on the page in another language, and not read yet, is read as that language writes it.
  const fieldOf = (control) => ({
    language: control.dataset.writtenIn ?? language,
    isWhole: control.dataset.kind === "integer",
    isShare: control.dataset.share !== undefined,
    least: Number(control.dataset.least),
    most: control.dataset.most === undefined ? Infinity : Number(control.dataset.most),
  });
  const ownField = (control) => ({ ...fieldOf(control), language });
  const readingOf = (control) => Numbers.read(control.value, fieldOf(control));
  const scales = [
    { unit: 1_000_000, one: word("one-million"), many: word("millions", { count: "{count}" }) },
    { unit: 1_000, one: word("one-thousand"), many: word("thousands", { count: "{count}" }) },
  ];

  function sayNumber(value, field) {
    const inWords = Numbers.sayInWords(value, scales);
    return `${Numbers.say(value, field)}${inWords ? ` (${inWords})` : ""}`;
  }

  // --- what follows from the profile -----------------------------------------------------------------------------

  const formulas = new Map(
    controls.filter((one) => one.dataset.formula !== undefined).map((one) => [one, JSON.parse(one.dataset.formula)]),
  );
  const isDerived = (control) => formulas.has(control);
  // The size of a sample: a field in which somebody may type a larger one, up to all. Blank it is the smallest.
  const isSample = (control) => isDerived(control) && isNumber(control);
  const hasOwn = (control) => (isSample(control) ? control.value.trim() !== "" : control.dataset.own !== undefined);
  const fields = new Map(controls.filter(isField).map((one) => [name(one), one]));
  const readField = (field) => (fields.has(field) ? valueOf(fields.get(field)) : undefined);
  const computed = (control) => Facts.evaluate(formulas.get(control), readField);
  // Fields that cannot all be right: more accounts are active than there are.
  const isContradicted = (control) => isDerived(control) && computed(control) < Number(control.dataset.least);

  function derivedOf(control) {
    return isContradicted(control) ? undefined : computed(control);
  }

  function listFields(formula) {
    if (formula.field !== undefined) return [formula.field];
    if (formula.least) return listFields(formula.least);
    const parts = formula.cases?.flatMap(({ left, right, then }) => [left, right, then]);
    return [...new Set((parts ?? formula.min ?? formula.sum ?? formula.minus ?? []).flatMap(listFields))];
  }

  function showDerived() {
    for (const control of formulas.keys()) {
      const value = derivedOf(control);
      const say = (number) => (number === undefined ? "–" : Numbers.say(Number(number), { language }));
      if (isSample(control)) control.placeholder = say(value);
      else {
        $("[data-derived-value]", control).textContent = say(control.dataset.own ?? value);
        $("[data-derived-source]", control).hidden = hasOwn(control);
      }
      const button = $("[data-take]", control.closest(".field"));
      button.hidden = !hasOwn(control) || value === undefined || (isSample(control) && !(valueOf(control) < value));
      if (!button.hidden) button.textContent = word("take", { number: say(value) });
    }
  }

  // --- fields ----------------------------------------------------------------------------------------------------

  function valueOf(control) {
    if (isDerived(control) && !hasOwn(control)) return derivedOf(control);
    switch (control.dataset.kind) {
      case "components": {
        const chosen = $$("input:checked", control).map((box) => box.value);
        if (chosen.length === 0) return undefined;
        return chosen.filter((value) => value !== "");
      }
      case "yes_no": {
        const value = $("input:checked", control)?.value ?? "";
        return value === "" ? undefined : value === "true";
      }
      case "choice": {
        const value = control.tagName === "SELECT" ? control.value : $("input:checked", control)?.value ?? "";
        if (value === "") return undefined;
        return control.tagName === "SELECT" ? value : Number(value);
      }
      case "derived":
        return Number(control.dataset.own);
      default:
        return readingOf(control).value;
    }
  }

  function put(control, value) {
    switch (control.dataset.kind) {
      case "components":
        for (const box of $$("input", control)) {
          box.checked = Array.isArray(value) && (box.value === "" ? value.length === 0 : value.includes(box.value));
        }
        break;
      case "yes_no":
      case "choice":
        if (control.tagName === "SELECT") {
          control.value = value === undefined || value === null ? "" : String(value);
          break;
        }
        for (const button of $$("input", control)) button.checked = button.value === "";
        for (const button of $$("input", control)) if (button.value === String(value)) button.checked = true;
        break;
      default:
        delete control.dataset.writtenIn;
        control.value = typeof value === "number" ? Numbers.write(value, ownField(control)) : "";
    }
  }

  // Another value than the profile gives stays until somebody takes that of the profile: a smaller sample does not
  // become a larger one because the whole questionnaire wants more.
  function putDerived(control, value) {
    const own = typeof value === "number" && value !== derivedOf(control) ? value : undefined;
    if (isSample(control)) put(control, own);
    else if (own === undefined) delete control.dataset.own;
    else control.dataset.own = own;
  }

  const rowsOf = (block) => $$("[data-documents] > li", block);
  const documentIn = (row) => ({
    url: $("[data-url]", row).value.trim(),
    date: $("[data-date]", row).value,
    note: $("[data-document-note]", row).value,
    sha256: $("[data-sha256]", row).value.trim(),
  });

  function documentsOf(block) {
    return rowsOf(block)
      .map(documentIn)
      .map((given) => Object.fromEntries(Object.entries(given).filter(([, value]) => value !== "")))
      .filter((given) => Object.keys(given).length > 0);
  }

  function addDocument(block, given = {}) {
    const row = document.getElementById("document-row").content.cloneNode(true).firstElementChild;
    $("[data-url]", row).value = given.url ?? "";
    $("[data-date]", row).value = given.date ?? "";
    $("[data-document-note]", row).value = given.note ?? "";
    $("[data-sha256]", row).value = given.sha256 ?? "";
    $("[data-documents]", block).append(row);
    return row;
  }

  // --- what is asked ---------------------------------------------------------------------------------------------

  const needed = controls.filter((one) => one.dataset.needed !== undefined);
  const neededFields = needed.filter(isField);
  const factsOf = new Map();
  for (const one of controls.filter((other) => !isField(other) && !isOfReview(other))) {
    factsOf.set(indicator(one), [...(factsOf.get(indicator(one)) ?? []), one]);
  }
  const neededFacts = (code) => (factsOf.get(code) ?? []).filter((one) => one.dataset.needed !== undefined);
  const missingFields = () => neededFields.filter((one) => valueOf(one) === undefined && (!isDerived(one) || isContradicted(one)));
  const isAsked = (code) => (factsOf.get(code) ?? []).some((one) => !isDerived(one));
  const isWhole = (code) => factsOf.has(code) && neededFacts(code).every((one) => valueOf(one) !== undefined);
  const isBegun = (code) => (factsOf.get(code) ?? []).some((one) => (!isDerived(one) || hasOwn(one)) && valueOf(one) !== undefined);

  // --- all that the questionnaire holds, as `methodologies.workbook.fill` takes it -------------------------------

  // What follows from the profile belongs to an answer that somebody has begun, or to one of which nothing is asked.
  function isHeld(control) {
    if (!isDerived(control) || isField(control) || hasOwn(control)) return true;
    return isBegun(indicator(control)) || !isAsked(indicator(control));
  }

  const without = (entry, names) => Object.fromEntries(Object.entries(entry).filter(([key]) => !names.includes(key)));
  // Where an answer comes from, by code, and the facts that it is of: once somebody changes them, it is theirs.
  const sources = new Map();
  const FACTLESS = ["basis", "evidence", "note", "source"];
  const factsIn = (held, code) => {
    const value = blocks.get(code)?.dataset.indicator === undefined ? held.profile?.[code] : held.answers?.[code] && without(held.answers[code], FACTLESS);
    return value === undefined ? undefined : JSON.stringify(value);
  };

  function sourceOf(held, code) {
    const known = sources.get(code);
    return known !== undefined && known.facts === factsIn(held, code) ? known.source : undefined;
  }

  function takeSources(held) {
    sources.clear();
    const given = [
      ...Object.entries(held.profile_sources ?? {}),
      ...Object.entries(held.answers ?? {}).map(([code, entry]) => [code, entry?.source]),
    ];
    const now = collect();
    for (const [code, source] of given) {
      const facts = factsIn(now, code);
      if (source && facts !== undefined) sources.set(code, { source, facts });
    }
  }

  function showSources() {
    const held = collect();
    for (const [code, block] of blocks) {
      const source = block.dataset.indicator === undefined ? held.profile_sources?.[code] : held.answers[code]?.source;
      let mark = $("[data-source]", block);
      if (!source) {
        mark?.remove();
        continue;
      }
      if (!mark) {
        mark = element("p", "");
        mark.dataset.source = "";
        mark.className = "soft";
        block.append(mark);
      }
      mark.textContent = word(`source-${source.kind}`, { edition: source.edition ?? "" });
    }
  }

  function collect() {
    const held = { methodology, profile: {}, profile_self_declared: [], profile_evidence: {}, answers: {} };
    for (const control of controls) {
      const value = isHeld(control) ? valueOf(control) : undefined;
      if (value === undefined) continue;
      if (isField(control)) held.profile[name(control)] = value;
      else (held.answers[indicator(control)] ??= {})[name(control)] = value;
    }
    for (const [code, block] of blocks) {
      if (!$("[data-declared]", block)) continue;
      const declared = $("[data-declared]", block).checked;
      const documents = documentsOf(block);
      const note = $("[data-note]", block)?.value.replace(/\s*\n\s*/g, " ") ?? "";
      if (block.dataset.indicator === undefined) {
        if (declared) held.profile_self_declared.push(code);
        if (documents.length) held.profile_evidence[code] = documents;
        continue;
      }
      const entry = {
        ...(declared ? { basis: "self_declared" } : {}),
        ...(documents.length ? { evidence: documents } : {}),
        ...(note ? { note } : {}),
      };
      if (Object.keys(entry).length) Object.assign((held.answers[code] ??= {}), entry);
    }
    for (const code of sources.keys()) {
      const source = sourceOf(held, code);
      if (source === undefined) continue;
      if (blocks.get(code)?.dataset.indicator === undefined) (held.profile_sources ??= {})[code] = source;
      else held.answers[code].source = source;
    }
    return held;
  }

  function fill(held) {
    const valueIn = (control) => (isField(control) ? held.profile?.[name(control)] : held.answers?.[indicator(control)]?.[name(control)]);
    for (const control of controls.filter((one) => !isDerived(one))) put(control, valueIn(control));
    for (const control of formulas.keys()) putDerived(control, valueIn(control));
    for (const [code, block] of blocks) {
      if (!$("[data-declared]", block)) continue;
      const isIndicator = block.dataset.indicator !== undefined;
      const entry = (isIndicator ? held.answers?.[code] : null) ?? {};
      const evidence = (isIndicator ? entry.evidence : held.profile_evidence?.[code]) ?? [];
      $("[data-declared]", block).checked = isIndicator
        ? entry.basis === "self_declared"
        : (held.profile_self_declared ?? []).includes(code);
      $("[data-documents]", block).replaceChildren();
      for (const given of Array.isArray(evidence) ? evidence : []) addDocument(block, given);
      if ($("[data-note]", block)) $("[data-note]", block).value = entry.note ?? "";
    }
    for (const source of ["file", "draft", "published"]) Page.clearProblems(source);
    // Its documents are others.
    toldBefore = "";
    takeSources(held);
    Page.announce("changed");
  }

  // To read and not to change; replies have buttons of their own.
  function lock(isLocked) {
    Page.form.classList.toggle("closed", isLocked);
    for (const one of $$(".step:not(.finish) :is(input, select, textarea, button)", Page.form)) {
      if (!one.closest("[data-heard]")) one.disabled = isLocked;
    }
  }

  // What nothing is answered to here is taken from elsewhere; returns how many answers that were.
  function fillBlanks(brought) {
    const own = collect();
    const both = (part) => ({ ...brought[part], ...own[part] });
    const ofBlank = (part) => Object.fromEntries(Object.entries(brought[part] ?? {}).filter(([code]) => own.profile[code] === undefined));
    const filled = ["profile", "answers"].flatMap((part) => Object.keys(brought[part] ?? {}).filter((code) => own[part][code] === undefined));
    fill({
      profile: both("profile"),
      profile_evidence: { ...ofBlank("profile_evidence"), ...own.profile_evidence },
      profile_sources: { ...ofBlank("profile_sources"), ...own.profile_sources },
      profile_self_declared: [...own.profile_self_declared, ...(brought.profile_self_declared ?? [])],
      answers: both("answers"),
    });
    return filled.length;
  }

  // What of some document is not in the page once it was loaded: the pointers of it.
  function notTaken(given, taken, pointer = "") {
    const nothing = (value) => value === null || (typeof value === "object" && Object.keys(value).length === 0);
    if (given === undefined || nothing(given) || (pointer.endsWith("/basis") && given === "evidenced")) return [];
    if (Array.isArray(given) && given.every((value) => typeof value === "string")) {
      return Array.isArray(taken) && given.every((value) => taken.includes(value)) ? [] : [pointer];
    }
    if (typeof given === "object") {
      if (typeof taken !== "object" || taken === null) return [pointer];
      return Object.keys(given).flatMap((key) => notTaken(given[key], taken[key], `${pointer}/${key}`));
    }
    return given === taken ? [] : [pointer];
  }

  // --- what can be sent ------------------------------------------------------------------------------------------

  const proving = [...blocks].filter(([, block]) => block.dataset.proves !== undefined).map(([code]) => code);
  const basisOf = ({ evidence }) => (Evidence.isProven(evidence) ? "evidenced" : "self_declared");

  // What review found of answers, by code: they are scored so.
  let verdicts = {};

  function judge(given) {
    if (JSON.stringify(given) === JSON.stringify(verdicts)) return;
    verdicts = given;
    Page.announce("changed");
  }

  // A draft is scored by its documents, whatever was said to be only declared.
  function forScores(held) {
    const verdictOn = (code) => verdicts[code]?.verdict;
    const answers = Object.entries(held.answers).filter(([code]) => isWhole(code) && !["rejected", "stale"].includes(verdictOn(code)));
    const scored = (code, entry) => ({
      ...without(entry, ["evidence", "note", "source"]),
      ...(verdictOn(code) === "capped" ? { level: Math.min(entry.level, verdicts[code].level) } : {}),
      ...(Evidence.isCounted ? { basis: verdictOn(code) === "insufficient" ? "self_declared" : basisOf(entry) } : {}),
    });
    return {
      methodology,
      profile: held.profile,
      profile_self_declared: Evidence.isCounted ? proving.filter((code) => !Evidence.isProven(held.profile_evidence[code])) : held.profile_self_declared,
      answers: Object.fromEntries(answers.map(([code, entry]) => [code, scored(code, entry)])),
    };
  }

  function forAssessment(held) {
    const ofReview = controls.filter(isOfReview);
    const reviewedFields = ofReview.filter(isField).map(name);
    const facts = ofReview.filter((one) => !isField(one)).map(name);
    const answers = Object.entries(held.answers).filter(([code]) => isWhole(code));
    return {
      methodology,
      profile: without(held.profile, reviewedFields),
      profile_evidence: held.profile_evidence,
      ...(held.profile_sources ? { profile_sources: without(held.profile_sources, reviewedFields) } : {}),
      answers: Object.fromEntries(answers.map(([code, entry]) => [code, without(entry, ["basis", ...facts])])),
    };
  }

  // --- what is typed, beside its field ---------------------------------------------------------------------------

  // While somebody types in a field it is not told that it is wrong: 21. is on the way to 21.000.
  let typing = null;
  let toldBefore = "[]";

  function problemOf(control) {
    const [reading, field] = [readingOf(control), ownField(control)];
    const choices = (readings) =>
      readings.map((value) => ({ label: sayNumber(value, field), act: () => choose(control, value) }));
    if (reading.kind === "asked") {
      const text = reading.readings.length > 1 ? word("two-readings", { text: control.value.trim() }) : word("one-reading", { text: control.value.trim() });
      return { text, choices: choices(reading.readings) };
    }
    if (reading.kind !== "wrong") return null;
    switch (reading.why) {
      case "whole":
        return { text: word("whole-number") };
      case "least":
        return { text: word("least", { least: Numbers.say(field.least, field) }) };
      case "most":
        return { text: word("most", { most: Numbers.say(field.most, field) }) };
      default:
        return { text: word(field.isShare ? "no-share" : field.isWhole ? "no-whole-number" : "no-number") };
    }
  }

  function choose(control, value) {
    delete control.dataset.writtenIn;
    control.value = Numbers.write(value, ownField(control));
    control.dispatchEvent(new Event("input", { bubbles: true }));
    control.focus();
    typing = null;
    tellTyped();
  }

  // What is wrong with the answers as they stand, but for those at which somebody is.
  function listProblems(isBusy) {
    const found = [];
    const add = (control, problem) => {
      const block = control.closest("[data-code]");
      found.push({ code: block.dataset.code, block, control, ...problem });
    };
    for (const control of controls.filter((one) => isNumber(one) && !isBusy(one))) {
      const problem = problemOf(control);
      if (problem) add(control, problem);
    }
    for (const control of [...formulas.keys()].filter(isContradicted)) {
      const titles = listFields(formulas.get(control)).map((field) => word("quoted", { text: Page.titleOf(field) }));
      const fieldsRead = new Intl.ListFormat(language).format(titles);
      add(control, { text: word("contradicted", { number: Numbers.say(computed(control), { language }), fields: fieldsRead }) });
    }
    for (const [code, block] of blocks) {
      if (!isBegun(code) || isWhole(code) || isBusy(block)) continue;
      const lacking = neededFacts(code).find((one) => valueOf(one) === undefined && !isDerived(one));
      if (lacking && !found.some(({ control }) => control === lacking)) add(lacking, { text: word("incomplete"), severity: "warning" });
    }
    return found;
  }

  function listDocumentProblems(isBusy) {
    const found = [];
    for (const [code, block] of blocks) {
      for (const row of rowsOf(block).filter((one) => !isBusy(one))) {
        const { member, ...problem } = Evidence.problemOf(documentIn(row)) ?? {};
        if (member) found.push({ code, block, row, control: $(`[data-${member}]`, row), ...problem });
      }
    }
    return found;
  }

  function listTyped() {
    const isBusy = (one) => one === typing || (one.dataset.pointer === undefined && one.contains(document.activeElement));
    return [...listProblems(isBusy), ...listDocumentProblems(isBusy)];
  }

  // What a draft cannot keep, each with its reason: the service takes whole answers only.
  function listUnsaved() {
    const found = listProblems(() => false).filter(({ control }) => !isOfReview(control));
    const isToldOf = (code) => found.some((one) => one.code === code);
    const proven = Object.entries(collect().answers).filter(([, { evidence, note }]) => evidence || note);
    const unanswered = proven.map(([code]) => code).filter((code) => !isWhole(code) && !isToldOf(code));
    return [...found, ...unanswered.map((code) => ({ code, text: word("unanswered") }))];
  }

  // What is told already stays as it is: a button that is being pressed must not be replaced.
  function tellTyped() {
    const found = listTyped();
    const told = JSON.stringify(found.map(({ code, control, text }) => [code, control.dataset.pointer, text]));
    if (told === toldBefore) return;
    toldBefore = told;
    Page.clearProblems("typed");
    for (const { block, text, ...more } of found) Page.tell(block, "typed", text, more);
  }

  function showEcho(control) {
    const [reading, place] = [readingOf(control), $("[data-echo]", control.closest(".field"))];
    const said = reading.kind === "number" ? Numbers.say(reading.value, ownField(control)) : "";
    const isPlain = said === control.value.trim() && reading.value < 1_000;
    place.textContent = said === "" || isPlain ? "" : word("echo", { number: sayNumber(reading.value, ownField(control)) });
  }

  Page.on("changed", () => {
    showDerived();
    for (const control of controls.filter(isNumber)) showEcho(control);
    for (const block of blocks.values()) {
      const count = $("[data-count]", block);
      if (count) count.textContent = documentsOf(block).length ? `(${documentsOf(block).length})` : "";
    }
  });

  Page.form.addEventListener("input", (event) => {
    if (event.target.dataset.pointer === undefined || !isNumber(event.target)) return;
    delete event.target.dataset.writtenIn;
    typing = event.target;
  });
  Page.form.addEventListener("change", ({ target }) => {
    typing = null;
    if (target.dataset.url !== undefined && Evidence.complete(target.value.trim()) !== target.value) {
      target.value = Evidence.complete(target.value.trim());
      Page.announce("changed");
    }
    tellTyped();
  });
  Page.form.addEventListener("focusout", () => {
    typing = null;
    window.setTimeout(tellTyped);
  });

  // --- texts that are no answers yet, to be kept with the answers ------------------------------------------------

  function listUnread() {
    const unread = controls.filter((one) => isNumber(one) && ["asked", "wrong"].includes(readingOf(one).kind));
    return Object.fromEntries(unread.map((one) => [one.dataset.pointer, { text: one.value, language: fieldOf(one).language }]));
  }

  function putUnread(unread) {
    for (const control of controls.filter(isNumber)) {
      const kept = unread?.[control.dataset.pointer];
      if (typeof kept?.text !== "string") continue;
      control.value = kept.text;
      if (kept.language !== language) control.dataset.writtenIn = String(kept.language);
    }
    Page.announce("changed");
  }

  Page.on("changed", showSources);

  return { valueOf, collect, fill, fillBlanks, putDerived, notTaken, forScores, forAssessment, isField, isOfReview, isDerived, indicator, name, neededFields, missingFields, isAsked, isWhole, documentsOf, addDocument, judge, lock, tellTyped, listUnsaved, listUnread, putUnread };
})();
