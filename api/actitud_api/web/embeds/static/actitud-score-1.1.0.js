/*! <actitud-score>, 1.1.0. EUPL-1.2. Whatever is at this address never changes: a later version has another name.

  <script src="https://HOST/embed/actitud-score-1.1.0.js" integrity="sha384-…" crossorigin="anonymous" defer></script>
  <actitud-score organisation="ES-DIR3-L01280796" lang="es">
    <a href="https://HOST/portal/latest/ES-DIR3-L01280796">Madurez 2.0 del ayuntamiento</a>
  </actitud-score>

  organisation   its id
  edition        an edition, or "latest", which is the default
  lang           "es" or "en"; without it that of the nearest element that has one
  theme          "light" or "dark"; without it the 'color-scheme' of the page around, which is light unless it says else
  base           scheme and host of the service, where this file is on another
*/
(() => {
  "use strict";

  const TAG = "actitud-score";
  if (customElements.get(TAG)) return;

  const SOURCE = document.currentScript ? document.currentScript.src : "";
  const SVG = "http://www.w3.org/2000/svg";
  const TEXTS = {
    es: {
      loading: "Cargando la puntuación…",
      failed: "No se pudo cargar la puntuación.",
      caption: "Las diez dimensiones, de 0 a 100",
      dimension: "Dimensión",
      points: "Puntos",
    },
    en: {
      loading: "Loading the score…",
      failed: "The score could not be loaded.",
      caption: "The ten dimensions, from 0 to 100",
      dimension: "Dimension",
      points: "Points",
    },
  };
  const CSS = `
    :host{display:block;max-width:46em;--ground:#fbfaf7;--ink:#16242d;--soft:#544f42;--edge:#cfc8b8;--bar:#1f5f80;--track:#e6e1d3;
      --remark:#7a2e10;--link:#14577a}
    @supports (color:light-dark(#000,#fff)){
      :host{--ground:light-dark(#fbfaf7,#12212b);--ink:light-dark(#16242d,#f4f1ea);--soft:light-dark(#544f42,#c3c9cc);
        --edge:light-dark(#cfc8b8,#3b4f5c);--bar:light-dark(#1f5f80,#7cc0e0);--track:light-dark(#e6e1d3,#2c404d);
        --remark:light-dark(#7a2e10,#ffb38a);--link:light-dark(#14577a,#9ad2ee)}
      :host([theme=light]){color-scheme:light}
      :host([theme=dark]){color-scheme:dark}
    }
    :host([hidden]){display:none}
    section{box-sizing:border-box;background:var(--ground);color:var(--ink);border:1px solid var(--edge);
      border-top:5px solid var(--bar);padding:.9em clamp(.5em,4%,1.1em);font:inherit;line-height:1.45;overflow-wrap:anywhere}
    p{margin:.35em 0}
    .soft,caption,thead th{color:var(--soft);font-size:.875em}
    .name{font-size:1.25em;line-height:1.25;font-weight:600;margin:0}
    .figure{color:var(--soft);margin:.2em 0}
    .figure strong{font-size:2.6em;line-height:1.1;color:var(--ink)}
    .status{font-size:1.4em}
    .capital{display:inline-block}
    .capital::first-letter{text-transform:uppercase}
    .remark{color:var(--remark);font-weight:600;border:1px dashed currentColor;padding:.1em .5em;display:inline-block;
      margin:.35em .5em .35em 0}
    .remark::first-letter{text-transform:uppercase}
    table{border-collapse:collapse;width:100%;margin:.6em 0;font-size:.95em}
    caption{text-align:left;padding-bottom:.2em}
    th,td{padding:.25em 0;vertical-align:bottom;font-weight:400;text-align:left;overflow-wrap:break-word}
    thead th{border-bottom:1px solid var(--edge)}
    th[scope=row]{font-size:.9em;hyphens:auto;overflow-wrap:anywhere;min-width:5em}
    td,thead th:last-child{text-align:right;padding-left:.5em}
    td{font-weight:600;font-variant-numeric:tabular-nums}
    .bar{display:block;width:100%;height:8px;margin-top:.2em}
    .track{fill:var(--track)}
    .unrated{fill:none;stroke:var(--soft);stroke-dasharray:3 3;vector-effect:non-scaling-stroke}
    .value{fill:var(--bar)}
    .pips{vertical-align:-1px;margin-right:.3em}
    .full{fill:var(--bar);stroke:var(--bar)}
    .empty{fill:none;stroke:var(--bar)}
    a{color:var(--link)}
    a:focus-visible{outline:3px solid var(--bar);outline-offset:2px}
    @media (forced-colors:active){
      .value,.full{fill:CanvasText;stroke:CanvasText}
      .track,.empty{fill:none;stroke:CanvasText;vector-effect:non-scaling-stroke}
    }
    @media print{svg{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
  `;
  let sheet = null;

  const styled = () => {
    if (sheet === null) {
      sheet = new CSSStyleSheet();
      sheet.replaceSync(CSS);
    }
    return sheet;
  };

  const made = (name, attributes, ...children) => {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.append(...children);
    return element;
  };

  const drawn = (name, attributes, ...children) => {
    const element = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
    element.append(...children);
    return element;
  };

  const bar = (score) => {
    const parts = [drawn("rect", { class: score === null ? "track unrated" : "track", width: 100, height: 8 })];
    if (score) parts.push(drawn("rect", { class: "value", width: score, height: 8 }));
    const box = { class: "bar", viewBox: "0 0 100 8", preserveAspectRatio: "none", "aria-hidden": "true" };
    return drawn("svg", box, ...parts);
  };

  const pips = ([reached, of]) => {
    const parts = [];
    for (let number = 0; number < of; number += 1) {
      const style = number < reached ? "full" : "empty";
      parts.push(drawn("rect", { class: style, x: number * 12 + 0.5, y: 0.5, width: 9, height: 13 }));
    }
    const box = { class: "pips", width: 60, height: 14, viewBox: "0 0 60 14", "aria-hidden": "true" };
    return drawn("svg", box, ...parts);
  };

  const card = (said, texts) => {
    const parts = [
      made("p", { class: "soft" }, said.index),
      made("p", { class: "name" }, made("bdi", {}, said.name)),
      said.figure === null
        ? made("p", { class: "status" }, made("strong", { class: "capital" }, said.score))
        : made("p", { class: "figure" }, made("strong", {}, said.figure), " ", said.full),
    ];
    if (said.level !== null) {
      parts.push(made("p", {}, pips(said.pips), made("strong", { class: "capital" }, said.level)));
    }
    parts.push(...said.remarks.map((remark) => made("p", { class: "remark" }, remark)));
    const rows = said.dimensions.map((line) =>
      made("tr", {}, made("th", { scope: "row" }, line.name, bar(line.score)), made("td", {}, line.text)),
    );
    const head = made(
      "tr",
      {},
      made("th", { scope: "col" }, texts.dimension),
      made("th", { scope: "col" }, texts.points),
    );
    parts.push(
      made("table", {}, made("caption", {}, texts.caption), made("thead", {}, head), made("tbody", {}, ...rows)),
      made("p", { class: "soft" }, said.under),
      made("p", {}, made("a", { href: said.url }, said.link)),
    );
    return made("section", { role: "group", "aria-label": said.title, lang: said.language }, ...parts);
  };

  class ActitudScore extends HTMLElement {
    static observedAttributes = ["organisation", "edition", "lang", "base"];

    #asked = 0;
    #due = false;

    constructor() {
      super();
      const root = this.attachShadow({ mode: "open" });
      root.adoptedStyleSheets = [styled()];
      root.append(made("slot", {}));
    }

    connectedCallback() {
      this.#soon();
    }

    attributeChangedCallback() {
      this.#soon();
    }

    // Whatever changes at once is asked for once.
    #soon() {
      if (this.#due || !this.isConnected) return;
      this.#due = true;
      queueMicrotask(() => {
        this.#due = false;
        this.#show();
      });
    }

    get #language() {
      const near = this.closest("[lang]");
      return near !== null && /^en\b/i.test(near.getAttribute("lang")) ? "en" : "es";
    }

    get #address() {
      const step = (name, otherwise) => encodeURIComponent(this.getAttribute(name) || otherwise);
      const path = `/embed/${step("edition", "latest")}/${step("organisation", "")}/score.json`;
      const address = new URL(path, this.getAttribute("base") || SOURCE || window.location.href);
      address.searchParams.set("lang", this.#language);
      return address;
    }

    #instead(text) {
      this.shadowRoot.replaceChildren(made("slot", {}, text));
    }

    async #show() {
      const asked = (this.#asked += 1);
      const texts = TEXTS[this.#language];
      this.#instead(texts.loading);
      let shown;
      try {
        const response = await fetch(this.#address, { credentials: "omit", referrerPolicy: "no-referrer" });
        const said = await response.json();
        if (!response.ok) throw new Error(String(response.status));
        shown = card(said, texts);
      } catch {
        if (asked === this.#asked) this.#instead(texts.failed);
        return;
      }
      if (asked === this.#asked) this.shadowRoot.replaceChildren(shown);
    }
  }

  customElements.define(TAG, ActitudScore);
})();
