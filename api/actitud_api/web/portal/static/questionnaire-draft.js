"use strict";
// The draft of an edition, with a key: loaded, saved and submitted; what its review found, and the replies to it.
const Draft = (() => {
  const { $, $$, word, controls, settings, say } = Page;
  const { attached } = Memory;
  const { methodology, language, edition, organisation } = settings;
  const draftPath = `/v1/editions/${encodeURIComponent(edition)}/assessments/${encodeURIComponent(organisation)}`;
  const box = $(".draft");
  // Beside the key or at the foot of the questions, where the button was pressed.
  let status = $("#draft-status");
  // The action that has asked, and does what it asks if it is pressed again.
  let confirming = null;
  // A reply is kept nowhere until it is saved.
  let isReplying = false;

  const asDraft = () => JSON.stringify(Answers.forAssessment(Answers.collect()));
  const blank = asDraft();

  // --- what is known of the draft, which is kept with the answers ------------------------------------------------

  const isChanged = () => asDraft() !== (attached.saved ?? blank);
  const isUnsaved = () => isChanged() || Answers.listUnsaved().length > 0;
  const isClosed = () => attached.state !== undefined && !["draft", "returned"].includes(attached.state);
  let wasClosed = false;

  // `tag`: the version of the draft; `saved`: what it holds; `state`: that of the assessment; `verdicts`: by question.
  function attach(known) {
    Memory.attach(known);
    Answers.judge(attached.verdicts ?? {});
    showState();
  }

  // Once a draft is submitted nothing of it can be changed here.
  function showState() {
    const closed = isClosed();
    if (closed || wasClosed) Answers.lock(closed);
    wasClosed = closed;
    for (const part of $$("[data-while-open]")) part.hidden = closed;
    // What was returned has a last day of its own.
    $("[data-last-day]", box).hidden = !["draft", undefined].includes(attached.state);
    for (const part of $$("[data-unsaved]")) part.hidden = closed || !isUnsaved();
    if (isChanged()) for (const part of $$("[data-saved]")) part.remove();
  }

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

  // `place`: where it is told what came of it.
  function guarded(act, place) {
    return async () => {
      const beside = $("#draft-status");
      if (act !== confirming) confirming = null;
      const isKeyless = $("#key").value.trim() === "";
      for (const one of [beside, $("#foot-status")]) one.replaceChildren();
      status = isKeyless ? beside : place;
      if (isKeyless) {
        say(status, word("no-key"));
        $("#key").focus();
        return;
      }
      Page.clearProblems("draft");
      try {
        await act();
      } catch {
        say(status, word("unreachable"));
      }
      status.scrollIntoView({ block: "nearest" });
    };
  }

  // What a person at this page can do about it, where the service speaks to programs.
  function summary(problem, rest) {
    if (problem.status === 401) return word("key-unknown");
    if (problem.status === 403) return word("key-forbidden");
    if (problem.status === 412) return word("draft-changed");
    if (problem.status === 409 && (problem.errors ?? []).some((error) => Page.blockOf(error.pointer ?? ""))) return word("draft-faulty");
    return Page.summary(problem, rest);
  }

  function refused(problem) {
    const rest = Page.tellAll(problem.errors ?? [], "draft");
    say(status, summary(problem, rest), rest.map((error) => error.detail));
    list(placed(problem.errors ?? []));
  }

  // Questions and fields with what is told of each: it may stand in another step, which is hidden.
  function list(items, heading = "") {
    if (items.length === 0) return;
    if (heading) status.append(Page.element("p", heading));
    const listed = document.createElement("ul");
    for (const { code, text } of items) {
      const item = Page.linked(Page.titleOf(code), code);
      if (text) item.append(`. ${text}`);
      listed.append(item);
    }
    status.append(listed);
  }

  // Those of some problems that belong to a question or field.
  function placed(problems) {
    const found = problems.map((problem) => ({ code: Page.blockOf(problem.pointer ?? "")?.dataset.code, text: Page.textOf(problem) }));
    return found.filter(({ code }) => code !== undefined);
  }

  const listUnsaved = () => list(Answers.listUnsaved(), word("draft-left-out"));

  // A field that is filled in and cannot be read is missing too, and says why.
  function listMissing() {
    const unsaved = Answers.listUnsaved();
    const reasonOf = (code) => unsaved.find((one) => one.code === code)?.text;
    list(Answers.missingFields().map(Answers.name).map((code) => ({ code, text: reasonOf(code) })));
  }

  const errorsOf = (findings) => placed(findings.filter(({ severity }) => severity === "error"));
  const warningsOf = (findings) => placed(findings.filter(({ severity }) => severity !== "error"));

  function took(answer, response, saved, text) {
    attach({ tag: response.headers.get("ETag"), saved, state: answer.state });
    const rest = Page.tellAll(answer.findings ?? [], "draft").map((finding) => finding.text);
    if (controls.some((one) => Answers.isOfReview(one) && Answers.valueOf(one) !== undefined)) rest.push(word("of-review"));
    say(status, text, rest);
    listUnsaved();
    // Afterwards nothing is submitted any more: then it is only told.
    list(errorsOf(answer.findings), isClosed() ? "" : word("draft-faulty"));
    list(warningsOf(answer.findings), isClosed() ? "" : word("draft-warned"));
  }

  const indexText = (index) => (index === null ? "–" : Result.points.format(index));

  async function loadedText(state) {
    if (!["returned", "hearing"].includes(state)) return word(`loaded-${state}`);
    const { items } = (await call("GET", `${draftPath}/transitions?limit=1000`)).answer;
    if (state === "hearing") {
      const { calendar } = (await call("GET", `/v1/editions/${encodeURIComponent(edition)}`)).answer;
      const extended = items.findLast((step) => step.phase === "hearing")?.until ?? "";
      return word("loaded-hearing", { until: Page.sayDay(extended > calendar.hearing.to ? extended : calendar.hearing.to) });
    }
    const { reason, until } = items.findLast((step) => step.to === "returned" && step.phase === null);
    return word("loaded-returned", { reason, until: Page.sayDay(until) });
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
  async function tellReview({ state, index }) {
    isReplying = false;
    for (const place of heard.values()) {
      place.hidden = true;
      $("[data-verdict]", place).textContent = $("[data-verdict-reason]", place).textContent = "";
      $("[data-reply-status]", place).textContent = "";
      $("[data-reply]", place).hidden = state !== "hearing";
      $("[data-reply-text]", place).readOnly = state !== "hearing";
      showReply(place, "", null);
    }
    if (["draft", "submitted"].includes(state)) return;
    const [verdicts, replies, submissions] = await Promise.all(
      ["verdicts", "replies", "submissions"].map(async (what) => (await call("GET", `${draftPath}/${what}?limit=1000`)).answer.items),
    );
    const judged = [];
    for (const one of verdicts) {
      const place = heard.get(one.indicator);
      if (!place || !one.effective_verdict) continue;
      place.hidden = false;
      $("[data-verdict]", place).textContent = word(`verdict-${one.effective_verdict.verdict}`, one.effective_verdict);
      const reason = one.verdicts.find((given) => given.counts)?.reason;
      $("[data-verdict-reason]", place).textContent = reason === "" ? word("erased") : (reason ?? "");
      if (one.effective_verdict.verdict === "accepted") continue;
      judged.push({ code: one.indicator, text: $("[data-verdict]", place).textContent, ...one.effective_verdict });
    }
    if (isClosed() && judged.length > 0) {
      // As the service counts it, so that nothing that was rejected looks as if it counted.
      attach({ ...attached, verdicts: Object.fromEntries(judged.map(({ code, verdict, level }) => [code, { verdict, level }])) });
      const [counted, sent] = [index, submissions.at(-1).index].map(indexText);
      status.append(Page.element("p", word("judged-index", { index: counted, sent })));
    }
    list(judged);
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
    const replyStatus = $("[data-reply-status]", place);
    try {
      replyStatus.textContent = await act(place.closest("[data-code]").dataset.code);
    } catch {
      replyStatus.textContent = word("unreachable");
    }
  }

  // All that is wrong is said here: there is no other field.
  const refusedReply = (problem) => {
    const errors = (problem.errors ?? []).map((error) => error.detail);
    return errors.length > 0 ? errors.join(" ") : summary(problem, []);
  };

  function saveReply(place) {
    return reply(place, async (code) => {
      // In one line: a line break is a blank.
      const text = $("[data-reply-text]", place).value.replace(/\s+/g, " ").trim();
      if (!text) return word("reply-empty");
      const precondition = place.dataset.tag ? { "If-Match": place.dataset.tag } : { "If-None-Match": "*" };
      const { response, answer } = await call("PUT", replyPath(code), precondition, { text, evidence: JSON.parse(place.dataset.evidence) });
      if (!response.ok) return refusedReply(answer);
      showReply(place, answer.text, response.headers.get("ETag"), answer.evidence);
      isReplying = false;
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

  Page.form.addEventListener("input", (event) => {
    if (event.target.dataset.replyText !== undefined) isReplying = true;
  });
  Page.form.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button?.dataset.replySave !== undefined) saveReply(button.closest("[data-heard]"));
    if (button?.dataset.replyRemove !== undefined) removeReply(button.closest("[data-heard]"));
  });

  // --- what the buttons do ---------------------------------------------------------------------------------------

  async function load() {
    const { response, answer } = await call("GET", draftPath);
    if (response.status === 404) {
      attach({});
      say(status, word("draft-none"));
      if (isUnsaved()) {
        status.append(Page.element("p", word("draft-none-but-answers")), Page.linkTo($("#start-over").textContent, "start-over"));
      }
    } else if (!response.ok) {
      refused(answer);
    } else if (answer.methodology !== methodology) {
      say(status, word("another-version", { version: answer.methodology, own: methodology }));
    } else if ((isUnsaved() || isReplying) && confirming !== load) {
      confirming = load;
      say(status, word("draft-overwrites"));
    } else {
      confirming = null;
      const text = await loadedText(answer.state);
      Answers.fill(answer);
      took(answer, response, asDraft(), text);
      await tellReview(answer);
    }
  }

  async function save() {
    if (Answers.missingFields().length > 0) {
      say(status, word("draft-profile"));
      listMissing();
      return;
    }
    const { tag } = attached;
    const precondition = tag === undefined ? { "If-None-Match": "*" } : { "If-Match": tag };
    // What is typed meanwhile is not saved.
    const sent = Answers.forAssessment(Answers.collect());
    const { response, answer } = await call("PUT", draftPath, precondition, sent);
    if (!response.ok) {
      refused(answer);
      return;
    }
    took(answer, response, JSON.stringify(sent), word("draft-saved", { index: indexText(answer.index) }));
    status.firstChild.dataset.saved = "";
  }

  // Ask first, unless it is known already that it will be refused: nobody takes a submission back.
  async function ask() {
    const { response, answer } = await call("GET", draftPath);
    if (!response.ok) {
      refused(answer);
      return;
    }
    const rest = Page.tellAll(answer.findings, "draft").map((finding) => finding.text);
    const errors = errorsOf(answer.findings);
    if (errors.length > 0) {
      say(status, word("draft-faulty"));
      list(errors);
      return;
    }
    confirming = submit;
    say(status, word("draft-ask"), [$("[data-progress]").textContent, ...rest]);
    listUnsaved();
    list(warningsOf(answer.findings), word("draft-warned"));
  }

  async function submit() {
    const { tag } = attached;
    if (tag === undefined || isChanged()) {
      confirming = null;
      say(status, word("draft-unsaved"));
      return;
    }
    if (confirming !== submit) {
      await ask();
      return;
    }
    confirming = null;
    // Not `randomUUID`, which there is only over HTTPS.
    const attempt = [...crypto.getRandomValues(new Uint8Array(16))].join("-");
    const headers = { "If-Match": tag, "Idempotency-Key": attempt };
    const { response, answer } = await call("POST", `${draftPath}/submissions`, headers, {});
    if (!response.ok) {
      refused(answer);
      return;
    }
    attach({ ...attached, state: "submitted" });
    say(status, word("draft-submitted"), answer.findings.map((finding) => finding.text));
  }

  // What was kept of the draft in this browser is there again.
  function start() {
    if (!box) return;
    attach({ ...attached });
    if (isClosed()) say(status, word("draft-closed"));
    Page.on("changed", showState);
  }

  if (box) {
    const foot = $("#foot-status");
    $("#draft-load").addEventListener("click", guarded(load, status));
    $("#draft-save").addEventListener("click", guarded(save, status));
    $("#draft-submit").addEventListener("click", guarded(submit, status));
    $("#foot-save").addEventListener("click", guarded(save, foot));
  }

  return { start, isReplying: () => isReplying };
})();
