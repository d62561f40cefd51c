"use strict";
// Numbers as the people of a language write them. A text that can be read in two ways is never guessed: its readings
// are told, to be asked back. Nothing here knows a page, so that tests run it in node.
const Numbers = (() => {
  // English parts groups of digits by commas, the languages of Spain by points; a blank parts them in all.
  const marksOf = (language) => (language === "en" ? { group: ",", decimal: "." } : { group: ".", decimal: "," });

  // 0.07 * 100 is not 7: the point is moved in the text.
  function shift(value, places) {
    const [digits, exponent = "0"] = String(value).split("e");
    return Number(`${digits}e${Number(exponent) + places}`);
  }

  const isGrouped = (parts) => /^[1-9]\d{0,2}$/.test(parts[0]) && parts.slice(1).every((part) => part.length === 3);

  function asGroups(parts, marks) {
    if (marks === "") return Number(parts[0]);
    return new Set(marks).size === 1 && isGrouped(parts) ? Number(parts.join("")) : undefined;
  }

  function asDecimal(parts, marks) {
    const [last, before, head] = [marks.at(-1), marks.slice(0, -1), parts.slice(0, -1)];
    if (marks === "" || last === " " || before.includes(last) || new Set(before).size > 1) return undefined;
    if (!(head.length === 1 ? /^(?:|0|[1-9]\d*)$/.test(head[0]) : isGrouped(head))) return undefined;
    return Number(`${head.join("") || "0"}.${parts.at(-1)}`);
  }

  // The numbers that some digits and marks can stand for, and whether the first is surely meant.
  function listReadings(text, { language, isWhole }) {
    const [parts, marks] = [text.split(/[., ']/), text.replace(/\d/g, "")];
    const [grouped, decimal] = [asGroups(parts, marks), asDecimal(parts, marks)];
    const { group, decimal: point } = marksOf(language);
    if (grouped !== undefined && decimal !== undefined) {
      // One mark before three digits, as in 1.234: it is sure where the language uses the mark for what is asked.
      if (marks === (isWhole ? group : point)) return { readings: [isWhole ? grouped : decimal], isSure: true };
      return { readings: [decimal, grouped], isSure: false };
    }
    if (grouped !== undefined) return { readings: [grouped], isSure: true };
    if (decimal === undefined) return { readings: [], isSure: true };
    // 21.00 where whole numbers have points between their groups may be 21.000 with a digit left out.
    return { readings: [decimal], isSure: !isWhole || marks !== group };
  }

  // Of a share the percentage is written. 0,12 without its sign may be meant as a part of 1 too: 0,12 % or 12 %.
  function asShares({ readings, isSure }, isPercent) {
    const isDoubtful = (percent) => !isPercent && percent > 0 && percent < 1;
    return {
      readings: readings.flatMap((percent) => [shift(percent, -2), ...(isDoubtful(percent) ? [percent] : [])]),
      isSure: isSure && !readings.some(isDoubtful),
    };
  }

  // Read what is written in a field: `{ language, isWhole, isShare, least, most }`. The answer is `{ kind: "empty" }`,
  // `{ kind: "number", value }`, `{ kind: "asked", readings }` or `{ kind: "wrong", why }`, with why one of "number"
  // (it is none), "whole", "least", "most". Of a share the value is from 0 to 1.
  function read(written, field) {
    const { isWhole = false, isShare = false, least = -Infinity, most = Infinity } = field;
    let text = written.trim().replace(/\s+/g, " ").replace(/[’´]/g, "'");
    if (text === "") return { kind: "empty" };
    const isPercent = isShare && text.endsWith("%");
    if (isPercent) text = text.slice(0, -1).trimEnd();
    const sign = /^[-−]/.test(text) ? -1 : 1;
    text = text.replace(/^[-−+] ?/, "");
    if (!/^(?:\d+|\d*(?:[., ']\d+)+)$/.test(text) || text.startsWith(" ")) return { kind: "wrong", why: "number" };
    const listed = listReadings(text, field);
    const { readings, isSure } = isShare ? asShares(listed, isPercent) : listed;
    // Adding 0 makes 0 of -0.
    const values = readings.map((reading) => sign * reading + 0);
    if (values.length === 0) return { kind: "wrong", why: "number" };
    const whole = values.filter((value) => !isWhole || Number.isInteger(value));
    const fitting = whole.filter((value) => value >= least && value <= most);
    if (fitting.length > 0) return isSure ? { kind: "number", value: fitting[0] } : { kind: "asked", readings: fitting };
    if (whole.length === 0) return { kind: "wrong", why: "whole" };
    return { kind: "wrong", why: whole[0] < least ? "least" : "most" };
  }

  const format = (value, language, options) => new Intl.NumberFormat(language, { maximumFractionDigits: 12, ...options }).format(value);

  // Write a value as `read` reads it in the same field, without asking.
  function write(value, { language, isWhole = false, isShare = false }) {
    if (isWhole) return format(value, language, {});
    if (!isShare) return format(value, language, { useGrouping: false });
    const percent = shift(value, 2);
    return format(percent, language, { useGrouping: false }) + (percent > 0 && percent < 1 ? " %" : "");
  }

  // Say a value for people: 1.234, 0,25, 12 %. Spanish leaves the point of four digits out unless it is asked for.
  function say(value, { language, isShare = false }) {
    return isShare ? `${format(shift(value, 2), language, {})} %` : format(value, language, { useGrouping: true });
  }

  // Say whole thousands below a billion in words and figures, "21 mil", which no mark can change. Nobody says
  // "mil 50": other numbers have no words. `scales`: from the largest on, `unit`, its word for one, and its words for
  // many, with `{count}`.
  function sayInWords(value, scales) {
    if (!Number.isInteger(value) || value % 1_000 !== 0 || value < 1_000 || value >= 1_000_000_000) return "";
    const said = (number) => {
      const scale = scales.find(({ unit }) => number >= unit);
      if (!scale) return String(number);
      const [count, rest] = [Math.floor(number / scale.unit), number % scale.unit];
      const first = count === 1 ? scale.one : scale.many.replace("{count}", said(count));
      return rest ? `${first} ${said(rest)}` : first;
    };
    return said(value);
  }

  return { read, write, say, sayInWords };
})();
