"use strict";
// "What if?": the questionnaire of an organisation begins with what is published of it. Nothing goes back.
const Published = (() => {
  const { $, word, blocks, settings } = Page;
  const status = $("#published-status");

  function tellReview({ set_aside, level_caps }) {
    const tell = (code, text) => blocks.has(code) && Page.tell(blocks.get(code), "published", text, { severity: "warning" });
    for (const [code, reason] of Object.entries(set_aside)) tell(code, word(`aside-${reason}`));
    for (const [code, level] of Object.entries(level_caps)) tell(code, word("level-capped", { level }));
  }

  async function load() {
    Page.say(status, word("published-loading"));
    try {
      const response = await fetch(settings.published);
      const answer = await response.json();
      if (!response.ok) {
        Page.say(status, answer.detail);
        return;
      }
      Answers.fill(Facts.fromPublished(answer.submission));
      tellReview(answer.submission);
      status.replaceChildren();
    } catch {
      Page.say(status, word("unreachable"));
    }
  }

  $("#published-again")?.addEventListener("click", load);

  return { load };
})();
