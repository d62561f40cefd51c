import { readFileSync } from "node:fs";

import { flow } from "./flow.ts";

const [baseUrl = "", organisation = "", facts = ""] = process.argv.slice(2);
console.log(JSON.stringify(await flow(baseUrl, organisation, JSON.parse(readFileSync(facts, "utf8")))));
