"use strict";
// Answers that were typed in this browser without a draft, offered to the draft: what is lacking here, and by a button
// of its own what is different here. Nothing is taken unasked, and where they were typed they stay.
const Blank = (() => {
  const { $, word, controls, blocks, say } = Page;
  const box = $("[data-blank]");
  const status = $("#blank-status");
  const SUPPORT = ["basis", "evidence", "note"];

  // The fields of each question that somebody fills in.
  const typed = new Map();
  for (const one of controls.filter((other) => !Answers.isDerived(other) && !Answers.isOfReview(other))) {
    const { code } = one.closest("[data-code]").dataset;
    typed.set(code, [...(typed.get(code) ?? []), one]);
  }
  const isIndicator = (code) => blocks.get(code).dataset.indicator !== undefined;
  const hold = () => ({ held: Answers.collect(), unread: Answers.listUnread() });

  function valueIn({ held, unread }, control) {
    const value = Answers.isField(control) ? held.profile?.[Answers.name(control)] : held.answers?.[Answers.indicator(control)]?.[Answers.name(control)];
    return unread?.[control.dataset.pointer]?.text ?? value ?? null;
  }

  // What is held of a question, in the parts that are taken one by one; a part that is blank is left out.
  function partsOf(one, code) {
    const facts = typed.get(code).map((control) => valueIn(one, control));
    const { evidence, note } = (isIndicator(code) ? one.held.answers?.[code] : { evidence: one.held.profile_evidence?.[code] }) ?? {};
    return {
      ...(facts.some((fact) => fact !== null) ? { facts } : {}),
      ...(Array.isArray(evidence) && evidence.length > 0 ? { evidence } : {}),
      ...(typeof note === "string" && note !== "" ? { note } : {}),
    };
  }

  // The questions of which something is lacking here, and those of which something is different.
  function compare(other) {
    const own = hold();
    const found = { lacking: [], different: [] };
    for (const code of typed.keys()) {
      const [here, there] = [own, other].map((one) => partsOf(one, code));
      const parts = Object.keys(there);
      if (parts.some((part) => !(part in here))) found.lacking.push(code);
      if (parts.some((part) => part in here && JSON.stringify(here[part]) !== JSON.stringify(there[part]))) found.different.push(code);
    }
    return found;
  }

  function takeFacts(own, other, code) {
    if (isIndicator(code)) {
      const entry = own.held.answers[code] ?? {};
      const kept = SUPPORT.filter((part) => part in entry).map((part) => [part, entry[part]]);
      const facts = Object.entries(other.held.answers?.[code] ?? {}).filter(([part]) => !SUPPORT.includes(part));
      own.held.answers[code] = Object.fromEntries([...facts, ...kept]);
    } else {
      own.held.profile[code] = other.held.profile?.[code];
      (own.held.profile_sources ??= {})[code] = other.held.profile_sources?.[code];
    }
    for (const { dataset } of typed.get(code)) {
      delete own.unread[dataset.pointer];
      if (other.unread?.[dataset.pointer]) own.unread[dataset.pointer] = other.unread[dataset.pointer];
    }
  }

  function find() {
    const other = Memory.readBlank();
    return other ? compare(other) : { lacking: [], different: [] };
  }

  // What follows from its profile is left out of some answers: here it follows from the profile that is made of both.
  function leaveDerivedOut({ held }) {
    const read = (field) => held.profile?.[field];
    const follows = (control) => valueIn({ held }, control) === Facts.evaluate(JSON.parse(control.dataset.formula), read);
    for (const control of controls.filter((one) => Answers.isDerived(one)).filter(follows)) {
      delete (Answers.isField(control) ? held.profile : held.answers[Answers.indicator(control)])[Answers.name(control)];
    }
  }

  // `replaces`: also what is different here.
  function take(codes, replaces) {
    const [own, other] = [hold(), Memory.readBlank()];
    if (!other) return show();
    [own, other].forEach(leaveDerivedOut);
    for (const code of codes) {
      const [here, there] = [own, other].map((one) => partsOf(one, code));
      const isTaken = (part) => part in there && (replaces || !(part in here));
      if (isTaken("facts")) takeFacts(own, other, code);
      if (isTaken("note")) (own.held.answers[code] ??= {}).note = there.note;
      if (!isTaken("evidence")) continue;
      if (isIndicator(code)) (own.held.answers[code] ??= {}).evidence = there.evidence;
      else own.held.profile_evidence[code] = there.evidence;
    }
    Answers.fill(own.held);
    Answers.putUnread(own.unread);
    say(status, word("blank-taken", { count: codes.length }));
    // The button that was pressed is gone.
    status.focus();
  }

  function show() {
    const { lacking, different } = find();
    const [button, details] = [$("#blank-take"), $("[data-blank-different]", box)];
    box.hidden = lacking.length + different.length === 0;
    button.hidden = lacking.length === 0;
    button.textContent = word("blank-lacking", { count: lacking.length });
    details.hidden = different.length === 0;
    $("summary", details).textContent = word("blank-different", { count: different.length });
    $("ul", details).replaceChildren(...different.map((code) => Page.linked(Page.titleOf(code), code)));
  }

  function start() {
    if (!box) return;
    $("#blank-take").addEventListener("click", () => take(find().lacking, false));
    $("#blank-replace").addEventListener("click", () => take(find().different, true));
    Page.on("changed", show);
    show();
  }

  return { start };
})();
