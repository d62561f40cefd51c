"use strict";
// Facts that nobody types: those that follow from the profile, and those that are published. Nothing here knows a page,
// so that tests run it in node.
const Facts = (() => {
  const compare = {
    eq: (left, right) => left === right,
    ne: (left, right) => left !== right,
    lt: (left, right) => left < right,
    le: (left, right) => left <= right,
    gt: (left, right) => left > right,
    ge: (left, right) => left >= right,
  };

  // Evaluate a formula of `engine/methodology/derived_facts.py`; `read` tells the value of a field. Undefined while one that it reads is not filled in.
  function evaluate(formula, read) {
    if (formula.constant !== undefined) return formula.constant;
    if (formula.field !== undefined) return read(formula.field) ?? formula.default;
    if (formula.least) return evaluate(formula.least, read);
    if (formula.cases) {
      for (const { op, left, right, then } of formula.cases) {
        const [a, b] = [evaluate(left, read), evaluate(right, read)];
        if (a === undefined || b === undefined) return undefined;
        if (compare[op](a, b)) return evaluate(then, read);
      }
      return undefined;
    }
    const values = (formula.min ?? formula.sum ?? formula.minus).map((part) => evaluate(part, read));
    if (values.includes(undefined)) return undefined;
    if (formula.min) return Math.min(...values);
    if (formula.sum) return values.reduce((total, value) => total + value, 0);
    return values[0] - values[1];
  }

  // The submission of a published score as the questionnaire holds it. What review set aside does not count any more.
  function fromPublished({ profile, answers, self_declared, profile_self_declared, set_aside, level_caps }) {
    const counted = Object.entries(answers).filter(([code]) => set_aside[code] === undefined);
    const entries = counted.map(([code, facts]) => {
      const capped = facts.level > level_caps[code] ? { ...facts, level: level_caps[code] } : facts;
      return [code, self_declared.includes(code) ? { ...capped, basis: "self_declared" } : capped];
    });
    return { profile, profile_self_declared, answers: Object.fromEntries(entries) };
  }

  return { evaluate, fromPublished };
})();
