"use strict";
// The result beside the questions: asked of `POST /v1/scores`, which keeps nothing, whenever something was answered.
const Result = (() => {
  const { $, $$, word, blocks, element, linked, settings } = Page;
  const { language, decimals } = settings;
  const WAIT = 300;
  // As many as a published sheet has.
  const STEPS_MAX = 5;
  const points = new Intl.NumberFormat(language, { minimumFractionDigits: +decimals, maximumFractionDigits: +decimals });

  // Then it is no advice to answer.
  const isClosed = () => Page.form.classList.contains("closed");
  let timer = 0;
  let running = null;

  async function score() {
    running?.abort();
    Answers.tellTyped();
    const missing = Answers.missingFields();
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
        body: JSON.stringify(Answers.forScores(Answers.collect())),
        signal,
      });
      answer = await response.json();
      Page.clearProblems("score");
      if (!response.ok) {
        showNothing(Page.summary(answer, Page.tellAll(answer.errors ?? [], "score")));
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
    for (const part of ["findings", "steps", "dimensions", "advice"]) $(`[data-${part}]`).hidden = true;
    for (const place of $$("[data-worth], [data-next-step]", Page.form)) place.hidden = true;
    for (const block of blocks.values()) block.classList.remove("off");
    Page.announce("scored");
  }

  function showMissing(missing) {
    $("[data-missing]").hidden = missing.length === 0;
    $("[data-missing-list]").replaceChildren(
      ...missing.map((control) => linked(Page.titleOf(Answers.name(control)), Answers.name(control))),
    );
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
    const all = [...answer.dimensions.flatMap((dimension) => dimension.indicators), ...answer.indicators];
    for (const one of all) showIndicator(one);
    const applying = all.filter((one) => one.state !== "not_applicable" && Answers.isAsked(one.id));
    const answered = applying.filter((one) => Answers.isWhole(one.id)).length;
    const most = isClosed() || answer.index_max === null || answer.index_max === answer.index ? "" : word("most-index", { index: points.format(answer.index_max) });
    $("[data-progress]").textContent = `${word("progress", { answered, applying: applying.length })} ${most}`;
    showDimensions(answer.dimensions);
    showSteps(all);
    showFindings(answer.findings);
    Page.announce("scored");
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
    // To answer is no advice beside a question that has no answer yet.
    const advice = off || one.next_step === null || one.next_step.kind === "report" ? "" : one.next_step.text;
    const beside = $("[data-next-step]", block);
    $("[data-next-step-text]", beside).textContent = advice;
    beside.hidden = advice === "";
  }

  function showDimensions(dimensions) {
    $("[data-dimensions]").hidden = false;
    for (const dimension of dimensions) {
      const row = $(`[data-dimension="${CSS.escape(dimension.id)}"]`);
      $("td", row).textContent = dimension.score === null ? "–" : points.format(dimension.score);
      $(".value", row).setAttribute("width", dimension.score ?? 0);
    }
  }

  function showSteps(all) {
    const worth = (one) => one.next_step.gain ?? one.next_step.gain_max ?? 0;
    const best = all
      .filter((one) => one.next_step !== null && worth(one) > 0 && !(isClosed() && one.next_step.kind === "report"))
      .sort((one, other) => worth(other) - worth(one))
      .slice(0, STEPS_MAX);
    $("[data-steps]").hidden = $("[data-advice]").hidden = best.length === 0;
    $("[data-advice-list]").replaceChildren(
      ...best.map((one) => {
        const item = linked(one.name, one.id);
        item.append(element("p", one.next_step.text));
        return item;
      }),
    );
    $("[data-steps-list]").replaceChildren(
      ...best.map((one) => {
        const item = linked(one.name, one.id);
        const gain = word(one.next_step.gain === null ? "gain-max" : "gain", { points: points.format(worth(one)) });
        item.append(": ", gain);
        return item;
      }),
    );
  }

  function showFindings(findings) {
    $("[data-findings]").hidden = findings.length === 0;
    $("[data-findings-list]").replaceChildren(
      ...findings.map((finding) => {
        const places = placesOf(finding);
        for (const code of places) Page.tell(blocks.get(code), "score", finding.text, { severity: finding.severity });
        if (!places.length) return element("li", finding.text);
        const item = linked(Page.titleOf(places[0]), places[0]);
        item.append(`: ${finding.text}`);
        return item;
      }),
    );
  }

  function placesOf(finding) {
    const ofFacts = Object.keys(finding.facts).map((fact) => (blocks.has(fact) ? fact : fact.split(".").slice(0, -1).join(".")));
    const all = [...finding.indicators, ...finding.missing, ...ofFacts];
    return [...new Set(all)].filter((code) => blocks.has(code));
  }

  Page.on("changed", () => {
    window.clearTimeout(timer);
    timer = window.setTimeout(score, WAIT);
  });

  return { score, points };
})();
