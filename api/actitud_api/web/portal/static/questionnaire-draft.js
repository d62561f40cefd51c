"use strict";
// The draft of an edition, with a key: loaded, saved and submitted; what its review found, and the replies to it.
const Draft = (() => {
  const { $, $$, word, controls, settings, say } = Page;
  const { methodology, language, edition, organisation } = settings;
  const draftPath = `/v1/editions/${encodeURIComponent(edition)}/assessments/${encodeURIComponent(organisation)}`;
  const status = $("#draft-status");
  let savedDraft = null;
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

  function refused(problem) {
    const rest = Page.tellAll(problem.errors ?? [], "draft");
    say(status, problem.status === 412 ? word("draft-changed") : Page.summary(problem, rest), rest.map((error) => error.detail));
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
    const replyStatus = $("[data-reply-status]", place);
    try {
      replyStatus.textContent = await act(place.closest("[data-code]").dataset.code);
    } catch {
      replyStatus.textContent = word("unreachable");
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
        Answers.fill(answer);
        took(answer, response, await loadedText(answer.state));
        await tellReview(answer.state);
      }
    }));

    $("#draft-save").addEventListener("click", guarded(async () => {
      if (Answers.missingFields().length > 0) {
        say(status, word("draft-profile"));
        return;
      }
      const { tag } = Memory.attached;
      const precondition = tag === undefined ? { "If-None-Match": "*" } : { "If-Match": tag };
      const { response, answer } = await call("PUT", draftPath, precondition, Answers.forAssessment(Answers.collect()));
      if (!response.ok) refused(answer);
      else took(answer, response, word("draft-saved", { index: answer.index === null ? "–" : Result.points.format(answer.index) }));
    }));

    $("#draft-submit").addEventListener("click", guarded(async () => {
      const { tag } = Memory.attached;
      if (tag === undefined || savedDraft !== asDraft()) {
        say(status, word("draft-unsaved"));
        return;
      }
      // Not `randomUUID`, which there is only over HTTPS.
      const attempt = [...crypto.getRandomValues(new Uint8Array(16))].join("-");
      const headers = { "If-Match": tag, "Idempotency-Key": attempt };
      const { response, answer } = await call("POST", `${draftPath}/submissions`, headers, {});
      if (!response.ok) refused(answer);
      else say(status, word("draft-submitted"), answer.findings.map((finding) => finding.text));
    }));
  }

  return { isReplying: () => isReplying };
})();
