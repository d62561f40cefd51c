"use strict";
// Answers in files, XLSX and JSON.
const Files = (() => {
  const { $, word, settings, say } = Page;
  const { methodology, short, language, organisation } = settings;
  const XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
  const MANIFEST = "actitud-counting-manifest/1";
  const workbookOf = (version) => `/v1/methodologies/${encodeURIComponent(version)}/workbook`;
  const status = $("#file-status");
  const saveStatus = $("#save-status");
  const fileName = (ending) => `actitud-${methodology}${organisation ? `-${organisation}` : ""}.${ending}`;

  function save(blob, named) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = named;
    link.click();
    window.setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
    say(saveStatus, word("saved-file", { name: named }));
  }

  $("#save-json").addEventListener("click", () => {
    const text = `${JSON.stringify(Answers.collect(), null, 2)}\n`;
    save(new Blob([text], { type: "application/json" }), fileName("json"));
  });

  $("#save-xlsx").addEventListener("click", async () => {
    try {
      const response = await fetch(`${workbookOf(methodology)}?lang=${language}`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(Answers.collect()),
      });
      if (response.ok) save(await response.blob(), fileName("xlsx"));
      else refused(await response.json(), fileName("xlsx"));
    } catch {
      say(saveStatus, word("unreachable"));
    }
  });

  function refused(problem, named) {
    Page.clearProblems("file");
    const rest = Page.tellAll(problem.errors ?? [], "file");
    say(saveStatus, `${named}: ${Page.summary(problem, rest)}`, rest.map((error) => `${error.pointer} ${error.detail}`));
  }

  $("#print").addEventListener("click", () => window.print());

  $("#file").addEventListener("change", async (event) => {
    const [file] = event.target.files;
    if (!file) return;
    try {
      if (/\.json$/i.test(file.name)) loadJson(file.name, await readCount(await file.text()));
      else await loadWorkbook(file);
    } catch {
      say(status, word("unreachable"));
    }
    event.target.value = "";
  });

  // Says which questionnaire a file is of, and leads there if there is one.
  function refuseVersion(named, version) {
    const link = $(`[data-version="${CSS.escape(version)}"]`)?.cloneNode(true);
    say(status, `${word("not-read", { name: named })} ${word("another-version", { version: version.slice(0, 40), own: methodology })}`);
    if (link) status.firstChild.append(" ", link);
  }

  // The digest of a manifest is that of its bytes. A browser computes it only where it trusts the connection.
  async function digestOf(text) {
    if (!window.crypto?.subtle) return {};
    const bytes = await window.crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
    return { manifest: `sha256:${[...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, "0")).join("")}` };
  }

  // What a file has, null if it is no JSON: the manifest of a count becomes the answers that were counted.
  async function readCount(text) {
    let given;
    try {
      given = JSON.parse(text);
    } catch {
      return null;
    }
    if (given?.format !== MANIFEST || typeof given.facts !== "object") return given;
    const source = { kind: "counted", ...(await digestOf(text)) };
    const held = { methodology: given.methodology, profile: {}, profile_sources: {}, answers: {} };
    for (const [code, fact] of Object.entries(given.facts ?? {})) {
      if (fact?.value === null || fact?.value === undefined) continue;
      const at = code.lastIndexOf(".");
      if (at < 0) [held.profile[code], held.profile_sources[code]] = [fact.value, source];
      else (held.answers[code.slice(0, at)] ??= { source })[code.slice(at + 1)] = fact.value;
    }
    return held;
  }

  const hasSources = (given) =>
    Object.keys(given.profile_sources ?? {}).length > 0 || Object.values(given.answers ?? {}).some((entry) => entry?.source);

  function loadJson(named, given) {
    if (given === null) {
      say(status, `${word("not-read", { name: named })} ${word("not-json")}`);
      return;
    }
    if (typeof given?.methodology !== "string") {
      say(status, `${word("not-read", { name: named })} ${word("no-version")}`);
      return;
    }
    // What the short form asks, this one asks by the same names.
    const isShort = short !== "" && given.methodology === short;
    if (given.methodology !== methodology && !isShort) {
      refuseVersion(named, given.methodology);
      return;
    }
    if (hasSources(given)) {
      // Proposals: whoever has answered has the last word.
      say(status, word("filled-blanks", { name: named, count: Answers.fillBlanks(given) }));
      return;
    }
    Answers.fill(given);
    const left = Answers.notTaken(given, Answers.collect()).filter((pointer) => pointer !== "/methodology");
    const told = `${word("loaded", { name: named })}${isShort ? ` ${word("loaded-short")}` : ""}`;
    say(status, told, left.slice(0, 20).map((pointer) => `${pointer} ${word("not-taken")}`));
  }

  // What was probably meant, unless it is just what was written.
  const withMeant = ({ detail, suggestion, value }) =>
    suggestion === null || value === JSON.stringify(suggestion) ? detail : `${detail} ${word("meant", { suggestion })}`;

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
      say(status, `${word("not-read", { name: file.name })} ${answer.detail}`);
      return;
    }
    // The address of a document whose date is missing is kept: the date can be put in here.
    const undated = answer.faults.filter(({ rule, suggestion }) => rule === "dependentRequired" && suggestion !== null);
    // What is left to answer is told by the steps.
    const isLeft = ({ rule, pointer }) => rule === "required" && !(pointer ?? "").includes("evidence/");
    const listed = answer.faults.filter((fault) => !undated.includes(fault) && !isLeft(fault));
    const faults = listed.map((fault) => ({ ...fault, detail: withMeant(fault) }));
    const told = faults.map((fault) => `${fault.cell} ${fault.value ?? ""} ${fault.detail}`);
    const { profile, answers } = answer.questionnaire;
    if (faults.length && Object.keys(profile).length + Object.keys(answers).length === 0) {
      // Nothing was read: what the page has stays.
      say(status, word("not-read", { name: file.name }), told);
      return;
    }
    Answers.fill(answer.questionnaire);
    for (const { pointer, suggestion } of undated) Answers.addDocument(Page.blockOf(pointer), { url: suggestion });
    if (undated.length > 0) Page.announce("changed");
    Page.tellAll(faults.map((fault) => ({ ...fault, detail: `${fault.cell}: ${fault.detail}` })), "file");
    const ofShort = own.ok ? "" : ` ${word("loaded-short")}`;
    say(status, `${word("loaded", { name: file.name })}${ofShort}${faults.length ? ` ${word("faults")}` : ""}`, told);
  }
})();
