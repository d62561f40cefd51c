"use strict";
// The draft of an edition, with a key: loaded, saved and submitted; what its review found, and the replies to it.
const Draft = (() => {
  const { $, $$, word, controls, settings, say } = Page;
  const { methodology, language, edition, organisation } = settings;
  const draftPath = `/v1/editions/${encodeURIComponent(edition)}/assessments/${encodeURIComponent(organisation)}`;
  const status = $("#draft-status");
  let savedDraft = null;
  // Set by the first press of "Submit", which only asks: nobody takes it back.
  let isConfirming = false;
  let isSubmitted = false;
  // A reply is kept nowhere until it is saved.
  let isReplying = false;

  const asDraft = () => JSON.stringify(Answers.forAssessment(Answers.collect()));

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
      if (act !== submit) isConfirming = false;
      if (!$("#key").value.trim()) {
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
    };
  }

  // What a person at this page can do about it, where the service speaks to programs.
  function summary(problem, rest) {
    if (problem.status === 401) return word("key-unknown");
    if (problem.status === 403) return word("key-forbidden");
    if (problem.status === 412) return word(isSubmitted ? "draft-submitted" : "draft-changed");
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

  function setTag(tag) {
    if (tag === null) delete Memory.attached.tag;
    else Memory.attached.tag = tag;
    Memory.keep();
  }

  function took(answer, response, text) {
    setTag(response.headers.get("ETag"));
    savedDraft = asDraft();
    const rest = Page.tellAll(answer.findings ?? [], "draft").map((finding) => finding.text);
    if (controls.some((one) => Answers.isOfReview(one) && Answers.valueOf(one) !== undefined)) rest.push(word("of-review"));
    say(status, text, rest);
    listUnsaved();
    // Afterwards nothing is submitted any more: then it is only told.
    const isOpen = ["draft", "returned"].includes(answer.state);
    list(placed(answer.findings.filter((finding) => finding.severity === "error")), isOpen ? word("draft-faulty") : "");
    list(placed(answer.findings.filter((finding) => finding.severity !== "error")), isOpen ? word("draft-warned") : "");
  }

  const dayText = (day) => new Intl.DateTimeFormat(language, { dateStyle: "long", timeZone: "UTC" }).format(new Date(day));

  async function loadedText(state) {
    if (!["returned", "hearing"].includes(state)) return word(`loaded-${state}`);
    const { items } = (await call("GET", `${draftPath}/transitions?limit=1000`)).answer;
    if (state === "hearing") {
      const { calendar } = (await call("GET", `/v1/editions/${encodeURIComponent(edition)}`)).answer;
      const extended = items.findLast((step) => step.phase === "hearing")?.until ?? "";
      return word("loaded-hearing", { until: dayText(extended > calendar.hearing.to ? extended : calendar.hearing.to) });
    }
    const { reason, until } = items.findLast((step) => step.to === "returned" && step.phase === null);
    return word("loaded-returned", { reason, until: dayText(until) });
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

  // Before the review there is nothing to tell; in the hearing any answer may be replied about. Returns the answers
  // that were not accepted, each with the way to it.
  async function tellReview(state) {
    isReplying = false;
    for (const place of heard.values()) {
      place.hidden = true;
      $("[data-verdict]", place).textContent = $("[data-verdict-reason]", place).textContent = "";
      $("[data-reply-status]", place).textContent = "";
      $("[data-reply]", place).hidden = state !== "hearing";
      $("[data-reply-text]", place).readOnly = state !== "hearing";
      showReply(place, "", null);
    }
    const judged = [];
    if (["draft", "submitted"].includes(state)) return judged;
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
      if (one.effective_verdict.verdict === "accepted") continue;
      const item = Page.linked(Page.titleOf(one.indicator), one.indicator);
      item.append(`. ${$("[data-verdict]", place).textContent}`);
      judged.push(item);
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
    return judged;
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

  async function submit() {
    const { tag } = Memory.attached;
    if (isSubmitted) {
      say(status, word("draft-submitted"));
      return;
    }
    if (tag === undefined || savedDraft !== asDraft()) {
      isConfirming = false;
      say(status, word("draft-unsaved"));
      return;
    }
    if (!isConfirming) {
      isConfirming = true;
      say(status, word("draft-ask"), [$("[data-progress]").textContent]);
      listUnsaved();
      return;
    }
    isConfirming = false;
    // Not `randomUUID`, which there is only over HTTPS.
    const attempt = [...crypto.getRandomValues(new Uint8Array(16))].join("-");
    const headers = { "If-Match": tag, "Idempotency-Key": attempt };
    const { response, answer } = await call("POST", `${draftPath}/submissions`, headers, {});
    if (!response.ok) {
      refused(answer);
      return;
    }
    isSubmitted = true;
    say(status, word("draft-submitted"), answer.findings.map((finding) => finding.text));
  }

  if (status) {
    $("#draft-load").addEventListener("click", guarded(async () => {
      const { response, answer } = await call("GET", draftPath);
      if (response.status === 404) {
        setTag(null);
        say(status, `${answer.detail} ${word("draft-none")}`);
      } else if (!response.ok) {
        refused(answer);
      } else if (answer.methodology !== methodology) {
        say(status, word("another-version", { version: answer.methodology, own: methodology }));
      } else {
        isSubmitted = false;
        Answers.fill(answer);
        took(answer, response, await loadedText(answer.state));
        const judged = await tellReview(answer.state);
        if (judged.length) {
          const list = document.createElement("ul");
          list.append(...judged);
          status.append(list);
        }
      }
    }));

    $("#draft-save").addEventListener("click", guarded(async () => {
      if (Answers.missingFields().length > 0) {
        say(status, word("draft-profile"));
        listMissing();
        return;
      }
      const { tag } = Memory.attached;
      const precondition = tag === undefined ? { "If-None-Match": "*" } : { "If-Match": tag };
      const { response, answer } = await call("PUT", draftPath, precondition, Answers.forAssessment(Answers.collect()));
      if (!response.ok) refused(answer);
      else took(answer, response, word("draft-saved", { index: answer.index === null ? "–" : Result.points.format(answer.index) }));
    }));

    $("#draft-submit").addEventListener("click", guarded(submit));
  }

  return { isReplying: () => isReplying };
})();
