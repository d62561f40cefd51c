"use strict";
// What is kept in this browser: answers in the tab until it is closed, so that Back, a reload or another language lose
// nothing, and on this computer only if somebody asks for it. The key of an organisation is never kept.
const Memory = (() => {
  const { $, word, settings } = Page;
  const { methodology, edition, organisation, language } = settings;
  const nameFor = (...parts) => ["actitud-questionnaire", ...parts].join(" ");
  const NAME = nameFor(methodology, edition, organisation);
  // Where no edition is named.
  const BLANK = nameFor(methodology, "", "");
  const CARRIED = (version) => nameFor(version, "carried");
  const remember = $("#remember");
  const status = $("#memory-status");
  // What has to be kept beside the answers: what is known of the draft that they belong to.
  const attached = {};
  let isStarted = false;

  // A browser may forbid all of it: then nothing is kept, and leaving is warned of.
  function use(act) {
    try {
      return act();
    } catch {
      return undefined;
    }
  }

  function read(storage, name) {
    const kept = use(() => JSON.parse(storage().getItem(name) ?? "null"));
    return typeof kept?.held === "object" && kept.held !== null ? kept : null;
  }

  const tab = () => window.sessionStorage;
  const computer = () => window.localStorage;

  const isEmpty = ({ held, unread }) =>
    [held.profile, held.profile_self_declared, held.profile_evidence, held.answers, unread].every((part) => Object.keys(part).length === 0);

  const collect = () => ({ language, held: Answers.collect(), unread: Answers.listUnread(), step: Steps.current(), draft: attached });

  function write(storage, kept) {
    return use(() => {
      if (isEmpty(kept)) storage().removeItem(NAME);
      else storage().setItem(NAME, JSON.stringify(kept));
      return true;
    });
  }

  // Keep what was changed. Return true if nothing would be lost with the page.
  function keep() {
    if (!isStarted) return true;
    const kept = collect();
    // Only here: a tab in which nothing changes must not undo on the computer what another has kept.
    if (remember.checked) write(computer, kept);
    return write(tab, kept) ?? isEmpty(kept);
  }

  // Put back what was kept. Return it, or null.
  function restore() {
    const [ofTab, ofComputer] = [read(tab, NAME), read(computer, NAME)];
    const kept = ofTab ?? ofComputer;
    remember.checked = ofComputer !== null;
    if (ofComputer && !ofTab) Page.say(status, word("recalled"));
    if (!kept) return null;
    // Whatever else stands there, the page works.
    use(() => Answers.fill(kept.held));
    use(() => Answers.putUnread(kept.unread));
    if (typeof kept.draft === "object") Object.assign(attached, kept.draft);
    return kept;
  }

  function attach(known) {
    const kept = { ...known };
    for (const name of Object.keys(attached)) delete attached[name];
    Object.assign(attached, kept);
    keep();
  }

  function start() {
    isStarted = true;
    write(tab, collect());
  }

  function forget() {
    use(() => tab().removeItem(NAME));
    use(() => computer().removeItem(NAME));
  }

  // What was typed here in the same questionnaire without an edition, or null.
  const readBlank = () => read(tab, BLANK) ?? read(computer, BLANK);

  // --- from the short form to the whole ----------------------------------------------------------------------------

  function carry(version) {
    use(() => tab().setItem(CARRIED(version), JSON.stringify({ held: Answers.collect() })));
  }

  // What the short form has answered, where this one has no answer.
  function takeCarried() {
    const carried = read(tab, CARRIED(methodology));
    use(() => tab().removeItem(CARRIED(methodology)));
    if (!carried) return false;
    Answers.fillBlanks(carried.held);
    return true;
  }

  remember.addEventListener("change", () => {
    if (remember.checked) keep();
    else use(() => computer().removeItem(NAME));
    Page.say(status, word(remember.checked ? "remembered" : "forgotten"));
  });

  $("#start-over").addEventListener("click", () => {
    remember.checked = false;
    attach({});
    forget();
    Answers.judge({});
    Answers.fill({});
    Page.say(status, word("started-over"));
  });

  for (const link of Page.$$("a[data-carry]")) link.addEventListener("click", () => carry(link.dataset.carry));
  // The same step in the other language.
  for (const link of Page.$$("a.language")) link.addEventListener("click", () => (link.hash = window.location.hash));
  // Another tab with the same questionnaire: what it forgets is not remembered here.
  window.addEventListener("storage", (event) => {
    if (event.key === NAME || event.key === null) remember.checked = event.newValue !== null;
  });
  // Where somebody was is known only when the page is left.
  window.addEventListener("pagehide", () => isStarted && write(tab, collect()));

  return { keep, restore, start, forget, readBlank, takeCarried, attach, attached };
})();
