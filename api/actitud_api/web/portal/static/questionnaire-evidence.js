"use strict";
// Which answers of a draft are documented: only these count for more than what is merely declared. The service decides
// when the draft is saved; here it is told before, so that the index beside the questions is the one that is saved.
const Evidence = (() => {
  const { settings } = Page;
  const isCounted = settings.edition !== "" && settings.published === "";
  // Somewhere it is tomorrow already.
  const FIRST_ZONE = 14 * 60 * 60 * 1_000;
  const domains = settings.domains.split(" ").map((domain) => hostOf(`https://${domain}`)).filter(Boolean);

  // A browser reads a host as the service does: in lower case, and in ASCII.
  function hostOf(address) {
    try {
      const { username, password, hostname } = new URL(address);
      return username || password ? "" : hostname.replace(/\.$/, "");
    } catch {
      return "";
    }
  }

  const isWithin = (host) => domains.some((domain) => host === domain || host.endsWith(`.${domain}`));
  const isFuture = (date) => date > new Date(Date.now() + FIRST_ZONE).toISOString().slice(0, 10);

  function isValid({ url = "", date = "" }) {
    const host = url.startsWith("https://") ? hostOf(url) : "";
    return isWithin(host) && date !== "" && !isFuture(date);
  }

  const isProven = (documents) => (documents ?? []).some(isValid);

  function problemOfDate(date) {
    if (date === "") return { text: Page.word("no-date") };
    if (isFuture(date)) return { text: Page.word("future", { date: Page.sayDay(date) }) };
    const { reference } = settings;
    if (date <= reference) return null;
    const days = { date: Page.sayDay(date), reference: Page.sayDay(reference) };
    return { text: Page.word("after-reference", days), severity: "warning" };
  }

  // What is wrong with a document, and with which member of it, so far as that is known before it is sent.
  function problemOf({ url = "", date = "" }) {
    if (!isCounted || url === "") return null;
    const host = url.startsWith("https://") ? hostOf(url) : "";
    if (host === "") return { member: "url", text: Page.word("no-address") };
    if (!isWithin(host)) return { member: "url", text: Page.word("elsewhere", { host }) };
    const problem = problemOfDate(date);
    return problem && { member: "date", ...problem };
  }

  // The beginning of an address is left out by many: www.fabula.example/report.pdf.
  const complete = (url) => (isCounted && /^[^\s/:@]+\.[^\s/:@]+(?:\/|$)/.test(url) ? `https://${url}` : url);

  return { isCounted, isProven, problemOf, complete };
})();
