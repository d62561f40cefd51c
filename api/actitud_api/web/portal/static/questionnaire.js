"use strict";
// The questionnaire in the browser. What is typed stays in the page: it goes to `POST /v1/scores`, which keeps nothing,
// to a file, or with a key to the draft. Nothing is put into any storage. Every word stands in the page (`#words`).
(() => {
  const form = document.getElementById("questionnaire");
  const { methodology, short, language, decimals, edition, organisation } = form.dataset;
  const XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
  const WAIT = 300;
  const workbookOf = (version) => `/v1/methodologies/${encodeURIComponent(version)}/workbook`;
  const draftPath = `/v1/editions/${encodeURIComponent(edition)}/assessments/${encodeURIComponent(organisation)}`;
  const $ = (selector, within = document) => within.querySelector(selector);
  const $$ = (selector, within = document) => [...within.querySelectorAll(selector)];
  const words = Object.fromEntries($$("#words [data-word]").map((item) => [item.dataset.word, item.textContent.trim()]));
  const word = (name, values = {}) => words[name].replace(/\{(\w+)\}/g, (_, key) => values[key]);
  const points = new Intl.NumberFormat(language, { minimumFractionDigits: +decimals, maximumFractionDigits: +decimals });
  const controls = $$("[data-pointer]", form);
  for (const control of controls) control.dataset.hint = control.getAttribute("aria-describedby") ?? "";
  const blocks = new Map($$("[data-code]", form).map((block) => [block.dataset.code, block]));

  function element(name, text, className) {
    const made = document.createElement(name);
    made.textContent = text;
    if (className) made.className = className;
    return made;
  }

  // --- what is filled in ---------------------------------------------------------------------------------------

  const isField = (control) => control.dataset.pointer.startsWith("/profile/");
  const isOfReview = (control) => control.closest(".review") !== null;
  const name = (control) => control.dataset.pointer.split("/").pop();
  const indicator = (control) => control.dataset.pointer.split("/")[2];

  function valueOf(control) {
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
      default:
        return control.value === "" || !control.validity.valid ? undefined : Number(control.value);
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
        control.value = typeof value === "number" ? String(value) : "";
    }
  }

  function documentsOf(block) {
    return $$("[data-documents] > li", block)
      .map((row) => ({
        url: $("[data-url]", row).value.trim(),
        date: $("[data-date]", row).value,
        note: $("[data-document-note]", row).value,
        sha256: $("[data-sha256]", row).value.trim(),
      }))
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

  // All that the questionnaire holds, as `methodologies.workbook.fill` takes it.
  function collect() {
    const held = { methodology, profile: {}, profile_self_declared: [], profile_evidence: {}, answers: {} };
    for (const control of controls) {
      const value = valueOf(control);
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
    return held;
  }

  function fill(held) {
    for (const control of controls) {
      put(control, isField(control) ? held.profile?.[name(control)] : held.answers?.[indicator(control)]?.[name(control)]);
    }
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
    clearProblems("file");
    clearProblems("draft");
    changed();
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

  // --- what can be sent ----------------------------------------------------------------------------------------

  const needed = controls.filter((one) => one.dataset.needed !== undefined);
  const neededFields = needed.filter(isField);
  const neededFacts = new Map();
  for (const one of needed.filter((other) => !isField(other))) {
    neededFacts.set(indicator(one), [...(neededFacts.get(indicator(one)) ?? []), one]);
  }
  const missingFields = () => neededFields.filter((one) => valueOf(one) === undefined);
  const isAsked = (code) => neededFacts.has(code);
  const whole = (code) => isAsked(code) && neededFacts.get(code).every((one) => valueOf(one) !== undefined);

  const without = (entry, names) => Object.fromEntries(Object.entries(entry).filter(([key]) => !names.includes(key)));

  function forScores(held) {
    const answers = Object.entries(held.answers).filter(([code]) => whole(code));
    return {
      methodology,
      profile: held.profile,
      profile_self_declared: held.profile_self_declared,
      answers: Object.fromEntries(answers.map(([code, entry]) => [code, without(entry, ["evidence", "note"])])),
    };
  }

  function forAssessment(held) {
    const ofReview = controls.filter(isOfReview);
    const fields = ofReview.filter(isField).map(name);
    const facts = ofReview.filter((one) => !isField(one)).map(name);
    const answers = Object.entries(held.answers).filter(([code]) => whole(code));
    return {
      methodology,
      profile: without(held.profile, fields),
      profile_evidence: held.profile_evidence,
      answers: Object.fromEntries(answers.map(([code, entry]) => [code, without(entry, ["basis", ...facts])])),
    };
  }

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

  // `source`: what found it, so that the next time it tells anew what it finds.
  function tell(block, source, text, { severity = "error", control } = {}) {
    const list = $("[data-problems]", block);
    const item = element("li", text, severity);
    item.dataset.source = source;
    list.append(item);
    list.hidden = false;
    list.id ||= `problems-${block.dataset.code}`;
    const marked = control ?? $("[data-pointer]", block);
    if (marked) describe(marked, list.id);
    if (control && severity === "error") control.setAttribute("aria-invalid", "true");
  }

  function clearProblems(source) {
    for (const item of $$(`[data-problems] [data-source="${source}"]`, form)) item.remove();
    for (const list of $$("[data-problems]", form)) {
      if (list.childElementCount > 0) continue;
      list.hidden = true;
      for (const marked of $$("[data-pointer]", list.closest("[data-code]"))) {
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

  // Tells problems at their pointers; those that belong to no field are returned.
  function tellAll(errors, source) {
    return errors.filter((error) => {
      const block = error.pointer ? blockOf(error.pointer) : undefined;
      if (!block) return true;
      tell(block, source, error.rule === "required" ? missing(error.pointer) : (error.detail ?? error.text), {
        severity: error.severity ?? "error",
        control: controlOf(error.pointer),
      });
      if (error.pointer.includes("evidence") || error.pointer.endsWith("/note")) {
        $$("details.support", block).forEach((details) => (details.open = true));
      }
      return false;
    });
  }

  function tellTyped() {
    clearProblems("typed");
    for (const control of controls) {
      if (control.type !== "number" || control.validity.valid) continue;
      const { stepMismatch } = control.validity;
      const text = stepMismatch ? word("whole-number") : word("no-number", { least: control.min, most: control.max });
      tell(control.closest("[data-code]"), "typed", text, { control });
    }
    for (const [code, block] of blocks) {
      if (block.dataset.indicator === undefined || whole(code) || block.contains(document.activeElement)) continue;
      const asked = neededFacts.get(code) ?? [];
      const lacking = asked.find((one) => valueOf(one) === undefined);
      if (lacking && asked.length > 1 && asked.some((one) => valueOf(one) !== undefined)) {
        tell(block, "typed", word("incomplete"), { severity: "warning", control: lacking });
      }
    }
  }

  // --- the score -------------------------------------------------------------------------------------------------

  let timer = 0;
  let running = null;

  function changed() {
    for (const block of blocks.values()) {
      const count = $("[data-count]", block);
      if (count) count.textContent = documentsOf(block).length ? `(${documentsOf(block).length})` : "";
    }
    window.clearTimeout(timer);
    timer = window.setTimeout(score, WAIT);
  }

  async function score() {
    running?.abort();
    tellTyped();
    const missing = missingFields();
    showMissing(missing);
    if (missing.length > 0) {
      showNothing(word("missing", { count: missing.length }));
      return;
    }
    running = new AbortController();
    const { signal } = running;
    let answer;
    try {
      const response = await fetch(`/v1/scores?lang=${language}`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(forScores(collect())),
        signal,
      });
      answer = await response.json();
      clearProblems("score");
      if (!response.ok) {
        const rest = tellAll(answer.errors ?? [], "score");
        showNothing(summary(answer, rest));
        return;
      }
    } catch (error) {
      if (error.name !== "AbortError") showNothing(word("unreachable"));
      return;
    }
    if (!signal.aborted) show(answer);
  }

  function now(text) {
    const place = $("[data-now]");
    if (place.textContent !== text) place.textContent = text;
    $("[data-bar]").textContent = text;
  }

  function showNothing(text) {
    now(text);
    $("[data-index]").textContent = "–";
    $("[data-level]").textContent = "";
    $("[data-progress]").textContent = "";
    for (const part of ["findings", "steps", "dimensions"]) $(`[data-${part}]`).hidden = true;
    for (const place of $$("[data-worth]", form)) place.hidden = true;
    for (const block of blocks.values()) block.classList.remove("off");
  }

  function showMissing(missing) {
    $("[data-missing]").hidden = missing.length === 0;
    $("[data-missing-list]").replaceChildren(
      ...missing.map((control) => linked(titleOf(name(control)), name(control))),
    );
  }

  function linked(text, id) {
    const item = document.createElement("li");
    const link = element("a", text);
    link.href = `#${id}`;
    item.append(link);
    return item;
  }

  // The level in words; of a methodology that has no levels, what it estimates.
  function levelOf(answer) {
    if (answer.standing === "provisional") return answer.estimate?.text ?? word("no-estimate");
    if (answer.level === null) return word("no-level");
    const level = word("level", { number: answer.level, name: answer.level_details.name });
    return answer.level_details.provisional ? `${level} (${word("provisional")})` : level;
  }

  function show(answer) {
    const marked = levelOf(answer);
    const index = answer.index === null ? null : points.format(answer.index);
    now(index === null ? word("no-index") : `${word("index", { index })} · ${marked}`);
    $("[data-index]").textContent = index ?? "–";
    $("[data-level]").textContent = marked.charAt(0).toUpperCase() + marked.slice(1);
    const asked = [...answer.dimensions.flatMap((dimension) => dimension.indicators), ...answer.indicators];
    const applying = asked.filter((one) => one.state !== "not_applicable" && isAsked(one.id));
    const answered = applying.filter((one) => whole(one.id)).length;
    const most = answer.index_max === null || answer.index_max === answer.index ? "" : word("most", { index: points.format(answer.index_max) });
    $("[data-progress]").textContent = `${word("progress", { answered, applying: applying.length })} ${most}`;
    for (const one of asked) showIndicator(one);
    showDimensions(answer.dimensions);
    showSteps(asked);
    showFindings(answer.findings);
  }

  function showIndicator(one) {
    const block = blocks.get(one.id);
    const place = $("[data-worth]", block);
    const off = one.state === "not_applicable";
    block.classList.toggle("off", off);
    const scored = one.score === null ? "" : word("score", { score: points.format(one.score) });
    const text = off ? `${word("off")} ${one.reason.text}` : one.state === "unknown" ? "" : one.reason.text || scored;
    place.textContent = text;
    place.hidden = text === "";
  }

  function showDimensions(dimensions) {
    $("[data-dimensions]").hidden = false;
    for (const dimension of dimensions) {
      const row = $(`[data-dimension="${CSS.escape(dimension.id)}"]`);
      $("td", row).textContent = dimension.score === null ? "–" : points.format(dimension.score);
      $(".value", row).setAttribute("width", dimension.score ?? 0);
    }
  }

  function showSteps(asked) {
    const worth = (one) => one.next_step.gain ?? one.next_step.gain_max ?? 0;
    const best = asked
      .filter((one) => one.next_step !== null && worth(one) > 0)
      .sort((one, other) => worth(other) - worth(one))
      .slice(0, 4);
    $("[data-steps]").hidden = best.length === 0;
    $("[data-steps-list]").replaceChildren(
      ...best.map((one) => {
        const item = linked(one.name, one.id);
        item.append(`: ${one.next_step.text}`);
        return item;
      }),
    );
  }

  function showFindings(findings) {
    $("[data-findings]").hidden = findings.length === 0;
    $("[data-findings-list]").replaceChildren(
      ...findings.map((finding) => {
        const places = placesOf(finding);
        for (const code of places) tell(blocks.get(code), "score", finding.text, { severity: finding.severity });
        if (!places.length) return element("li", finding.text);
        const item = linked(titleOf(places[0]), places[0]);
        item.append(`: ${finding.text}`);
        return item;
      }),
    );
  }

  const titleOf = (code) => $("h3, label, .label", blocks.get(code)).firstChild.textContent.trim();

  function placesOf(finding) {
    const ofFacts = Object.keys(finding.facts).map((fact) => (blocks.has(fact) ? fact : fact.split(".").slice(0, -1).join(".")));
    const all = [...finding.indicators, ...finding.missing, ...ofFacts];
    return [...new Set(all)].filter((code) => blocks.has(code));
  }

  // --- files -----------------------------------------------------------------------------------------------------

  function say(place, text, items = []) {
    place.replaceChildren(element("p", text));
    if (items.length) {
      const list = document.createElement("ul");
      list.append(...items.map((item) => element("li", item)));
      place.append(list);
    }
  }

  const fileStatus = $("#file-status");
  const fileName = (ending) => `actitud-${methodology}${organisation ? `-${organisation}` : ""}.${ending}`;

  function save(blob, named) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = named;
    link.click();
    window.setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
    saved();
    say(fileStatus, word("saved-file", { name: named }));
  }

  $("#save-json").addEventListener("click", () => {
    const text = `${JSON.stringify(collect(), null, 2)}\n`;
    save(new Blob([text], { type: "application/json" }), fileName("json"));
  });

  $("#save-xlsx").addEventListener("click", async () => {
    try {
      const response = await fetch(`${workbookOf(methodology)}?lang=${language}`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(collect()),
      });
      if (response.ok) save(await response.blob(), fileName("xlsx"));
      else refusedFile(await response.json(), fileName("xlsx"));
    } catch {
      say(fileStatus, word("unreachable"));
    }
  });

  // What a problem says, or that it is all told beside the fields.
  function summary(problem, rest) {
    const isBeside = problem.status === 400 && problem.errors?.length > 0 && rest.length === 0;
    return isBeside ? word("refused") : problem.detail;
  }

  function refusedFile(problem, named) {
    clearProblems("file");
    const rest = tellAll(problem.errors ?? [], "file");
    say(fileStatus, `${named}: ${summary(problem, rest)}`, rest.map((error) => `${error.pointer} ${error.detail}`));
  }

  $("#file").addEventListener("change", async (event) => {
    const [file] = event.target.files;
    if (!file) return;
    try {
      if (/\.json$/i.test(file.name)) loadJson(file.name, await file.text());
      else await loadWorkbook(file);
    } catch {
      say(fileStatus, word("unreachable"));
    }
    event.target.value = "";
  });

  function loadJson(named, text) {
    let given;
    try {
      given = JSON.parse(text);
    } catch {
      say(fileStatus, `${word("not-read", { name: named })} ${word("not-json")}`);
      return;
    }
    // What the short form asks, this one asks by the same names.
    const isShort = short !== "" && given?.methodology === short;
    if (given?.methodology !== methodology && !isShort) {
      const values = { version: String(given?.methodology ?? "–").slice(0, 40), own: methodology };
      say(fileStatus, `${word("not-read", { name: named })} ${word("another-version", values)}`);
      return;
    }
    fill(given);
    const left = notTaken(given, collect()).filter((pointer) => pointer !== "/methodology");
    const told = `${word("loaded", { name: named })}${isShort ? ` ${word("loaded-short")}` : ""}`;
    say(fileStatus, told, left.slice(0, 20).map((pointer) => `${pointer} ${word("not-taken")}`));
    saved();
  }

  async function loadWorkbook(file) {
    const readBy = async (version) => {
      const response = await fetch(`${workbookOf(version)}/answers?lang=${language}`, {
        method: "POST",
        headers: { "Content-Type": XLSX },
        body: file,
      });
      return { ok: response.ok, answer: await response.json() };
    };
    const own = await readBy(methodology);
    const other = own.ok || short === "" ? own : await readBy(short);
    const { answer } = other.ok ? other : own;
    if (!other.ok) {
      say(fileStatus, `${word("not-read", { name: file.name })} ${answer.detail}`);
      return;
    }
    fill(answer.questionnaire);
    tellAll(answer.faults.filter((fault) => fault.rule !== "required").map((fault) => ({ ...fault, detail: `${fault.cell}: ${fault.detail}` })), "file");
    const faults = answer.faults.filter((fault) => fault.rule !== "required");
    const told = faults.map((fault) => `${fault.cell} ${fault.value ?? ""} ${fault.detail}`);
    const ofShort = own.ok ? "" : ` ${word("loaded-short")}`;
    say(fileStatus, `${word("loaded", { name: file.name })}${ofShort}${faults.length ? ` ${word("faults")}` : ""}`, told);
    saved();
  }

  // --- the draft, with a key -------------------------------------------------------------------------------------

  const draftStatus = $("#draft-status");
  let tag = null;
  let savedDraft = null;

  async function call(method, path, headers = {}, body = undefined) {
    const response = await fetch(`${path}${path.includes("?") ? "&" : "?"}lang=${language}`, {
      method,
      headers: {
        Authorization: `Bearer ${$("#key").value.trim()}`,
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
        ...headers,
      },
      body: body === undefined ? undefined : JSON.stringify(body),
      cache: "no-store",
      credentials: "omit",
    });
    return { response, answer: response.status === 204 ? null : await response.json() };
  }

  function guarded(act) {
    return async () => {
      if (!$("#key").value.trim()) {
        say(draftStatus, word("no-key"));
        $("#key").focus();
        return;
      }
      clearProblems("draft");
      try {
        await act();
      } catch {
        say(draftStatus, word("unreachable"));
      }
    };
  }

  function refusedDraft(problem) {
    const rest = tellAll(problem.errors ?? [], "draft");
    say(draftStatus, problem.status === 412 ? word("draft-changed") : summary(problem, rest), rest.map((error) => error.detail));
  }

  function took(answer, response, text) {
    tag = response.headers.get("ETag");
    savedDraft = JSON.stringify(forAssessment(collect()));
    const rest = tellAll(answer.findings ?? [], "draft").map((finding) => finding.text);
    if (controls.some((one) => isOfReview(one) && valueOf(one) !== undefined)) rest.push(word("of-review"));
    say(draftStatus, text, rest);
    saved();
  }

  async function loadedText(state) {
    if (state !== "returned") return word(`loaded-${state}`);
    const { answer } = await call("GET", `${draftPath}/transitions?limit=1000`);
    const { reason, until } = answer.items.findLast((step) => step.to === "returned" && step.phase === null);
    const day = new Intl.DateTimeFormat(language, { dateStyle: "long", timeZone: "UTC" }).format(new Date(until));
    return word("loaded-returned", { reason, until: day });
  }

  // --- what was found, and what is replied -----------------------------------------------------------------------

  const heard = new Map($$("[data-heard]").map((place) => [place.closest("[data-code]").dataset.code, place]));
  const replyPath = (code) => `${draftPath}/replies/${encodeURIComponent(code)}`;

  // The documents of a reply are not edited here, and stay.
  function showReply(place, text, replyTag, evidence = []) {
    $("[data-reply-text]", place).value = text;
    place.dataset.evidence = JSON.stringify(evidence);
    $("[data-reply-remove]", place).hidden = replyTag === null;
    if (replyTag === null) delete place.dataset.tag;
    else place.dataset.tag = replyTag;
  }

  // Before the review there is nothing to tell; in the hearing any answer may be replied about.
  async function tellReview(state) {
    for (const place of heard.values()) {
      place.hidden = true;
      $("[data-verdict]", place).textContent = $("[data-verdict-reason]", place).textContent = "";
      $("[data-reply-status]", place).textContent = "";
      $("[data-reply]", place).hidden = state !== "hearing";
      $("[data-reply-text]", place).readOnly = state !== "hearing";
      showReply(place, "", null);
    }
    if (["draft", "submitted"].includes(state)) return;
    const [verdicts, replies] = await Promise.all(
      ["verdicts", "replies"].map(async (what) => (await call("GET", `${draftPath}/${what}?limit=1000`)).answer.items),
    );
    for (const one of verdicts) {
      const place = heard.get(one.indicator);
      if (!place || !one.effective_verdict) continue;
      place.hidden = false;
      $("[data-verdict]", place).textContent = word(`verdict-${one.effective_verdict.verdict}`, one.effective_verdict);
      const reason = one.verdicts.find((given) => given.counts)?.reason;
      $("[data-verdict-reason]", place).textContent = reason === "" ? word("erased") : (reason ?? "");
    }
    for (const { indicator: code } of replies) {
      const place = heard.get(code);
      const { response, answer } = await call("GET", replyPath(code));
      if (!place || !response.ok) continue;
      place.hidden = $("[data-reply]", place).hidden = false;
      showReply(place, answer.text, response.headers.get("ETag"), answer.evidence);
      if (answer.text === "") $("[data-reply-status]", place).textContent = word("erased");
      for (const button of $$("button", place)) button.hidden = state !== "hearing";
    }
    if (state === "hearing") for (const place of heard.values()) place.hidden = false;
  }

  async function reply(place, act) {
    const status = $("[data-reply-status]", place);
    try {
      status.textContent = await act(place.closest("[data-code]").dataset.code);
    } catch {
      status.textContent = word("unreachable");
    }
  }

  const refusedReply = (problem) =>
    [problem.status === 412 ? word("draft-changed") : problem.detail, ...(problem.errors ?? []).map((error) => error.detail)].join(" ");

  function saveReply(place) {
    return reply(place, async (code) => {
      // In one line: a line break is a blank.
      const text = $("[data-reply-text]", place).value.replace(/\s+/g, " ").trim();
      if (!text) return word("reply-empty");
      const precondition = place.dataset.tag ? { "If-Match": place.dataset.tag } : { "If-None-Match": "*" };
      const { response, answer } = await call("PUT", replyPath(code), precondition, { text, evidence: JSON.parse(place.dataset.evidence) });
      if (!response.ok) return refusedReply(answer);
      showReply(place, answer.text, response.headers.get("ETag"), answer.evidence);
      if (answer.text === "") $("[data-reply-status]", place).textContent = word("erased");
      if (savedDraft === JSON.stringify(forAssessment(collect()))) saved();
      return word("reply-saved");
    });
  }

  function removeReply(place) {
    return reply(place, async (code) => {
      const { response, answer } = await call("DELETE", replyPath(code), { "If-Match": place.dataset.tag });
      if (!response.ok) return refusedReply(answer);
      showReply(place, "", null);
      return word("reply-removed");
    });
  }

  if (draftStatus) {
    $("#draft-load").addEventListener("click", guarded(async () => {
      const { response, answer } = await call("GET", draftPath);
      if (response.status === 404) {
        tag = null;
        say(draftStatus, `${answer.detail} ${word("draft-none")}`);
      } else if (!response.ok) {
        refusedDraft(answer);
      } else if (answer.methodology !== methodology) {
        say(draftStatus, word("another-version", { version: answer.methodology, own: methodology }));
      } else {
        fill(answer);
        took(answer, response, await loadedText(answer.state));
        await tellReview(answer.state);
      }
    }));

    $("#draft-save").addEventListener("click", guarded(async () => {
      if (missingFields().length > 0) {
        say(draftStatus, word("draft-profile"));
        return;
      }
      const precondition = tag === null ? { "If-None-Match": "*" } : { "If-Match": tag };
      const { response, answer } = await call("PUT", draftPath, precondition, forAssessment(collect()));
      if (!response.ok) refusedDraft(answer);
      else took(answer, response, word("draft-saved", { index: answer.index === null ? "–" : points.format(answer.index) }));
    }));

    $("#draft-submit").addEventListener("click", guarded(async () => {
      if (tag === null || savedDraft !== JSON.stringify(forAssessment(collect()))) {
        say(draftStatus, word("draft-unsaved"));
        return;
      }
      // Not `randomUUID`, which there is only over HTTPS.
      const attempt = [...crypto.getRandomValues(new Uint8Array(16))].join("-");
      const headers = { "If-Match": tag, "Idempotency-Key": attempt };
      const { response, answer } = await call("POST", `${draftPath}/submissions`, headers, {});
      if (!response.ok) refusedDraft(answer);
      else say(draftStatus, word("draft-submitted"), answer.findings.map((finding) => finding.text));
    }));
  }

  // --- at work ---------------------------------------------------------------------------------------------------

  let isUnsaved = false;
  const saved = () => (isUnsaved = false);

  window.addEventListener("beforeunload", (event) => {
    if (isUnsaved) event.preventDefault();
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
    isUnsaved = true;
    if (box.dataset.replyText === undefined) changed();
  });
  form.addEventListener("focusout", () => window.setTimeout(tellTyped));

  form.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    const block = event.target.closest("[data-code]");
    if (button?.dataset.replySave !== undefined) saveReply(button.closest("[data-heard]"));
    if (button?.dataset.replyRemove !== undefined) removeReply(button.closest("[data-heard]"));
    if (button?.dataset.add !== undefined) $("[data-url]", addDocument(block)).focus();
    if (button?.dataset.remove !== undefined) {
      button.closest("li").remove();
      $("[data-add]", block).focus();
      isUnsaved = true;
      changed();
    }
  });

  for (const part of $$("[data-scripted]")) part.hidden = false;
  $("fieldset.all").disabled = false;
  score();
})();
