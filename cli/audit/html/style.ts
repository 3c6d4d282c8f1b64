import { VERDICTS } from '../../../lambda/core/verdict.ts';

/** The page's only style sheet. Verdict colors also differ in lightness, for color-blind readers. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --page: #f6f7f9; --card: #fff; --text: #1b2330; --dim: #5b6675; --line: #dfe3e8; --accent: #1f5fbf;
  --non-compliant: #c8364b; --unreadable: #8e44ad; --pending: #e0a100; --exempt: #3b7dd8; --imds-off: #8f9aa8;
  --aws-managed: #c3cad3; --compliant: #2c9c77; --bad-text: #b3243a; --good-text: #1c7a5a;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --page: #11151b; --card: #1a2029; --text: #e6eaf0; --dim: #98a4b3; --line: #2c3540; --accent: #7fb2ff;
    --non-compliant: #ef5f73; --unreadable: #b678d6; --pending: #e9b949; --exempt: #5b9bf0; --imds-off: #737f8d;
    --aws-managed: #46515e; --compliant: #35b58a; --bad-text: #ff8796; --good-text: #5fd3ac;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--text); font: 15px/1.5 system-ui, "Segoe UI", Roboto, sans-serif; }
main { max-width: 1240px; margin: 0 auto; padding: 28px 24px 64px; }
h1 { font-size: 26px; line-height: 1.2; margin: 0 0 4px; }
h2 { font-size: 17px; margin: 0 0 12px; }
h3 { font-size: 15px; margin: 14px 0 4px; }
p { margin: 0 0 10px; }
.dim, footer { color: var(--dim); }
footer { font-size: 13px; margin-top: 24px; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 18px 20px; margin-top: 18px; min-width: 0; }
.problem { border-color: var(--non-compliant); border-left-width: 5px; }
.problem ul { margin: 0; padding-left: 20px; }
.tiles { display: flex; flex-wrap: wrap; gap: 12px; margin-top: 20px; }
.tile { flex: 1 1 100px; background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 12px 14px; }
.tile b { display: block; font-size: 25px; line-height: 1.25; font-variant-numeric: tabular-nums; }
.tile span { color: var(--dim); font-size: 13px; white-space: nowrap; }
.tile:first-child { flex: 2 1 130px; }
.tile:first-child span { white-space: normal; }
.tile.bad b { color: var(--bad-text); }
.tile.good b { color: var(--good-text); }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(460px, 100%), 1fr)); gap: 0 18px; }
.swatch { display: inline-block; width: 11px; height: 11px; border-radius: 3px; margin-right: 6px; }
dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(340px, 100%), 1fr)); gap: 2px 24px; margin: 10px 0 0; font-size: 13px; }
dl div { display: flex; gap: 10px; }
dt { flex: 0 0 76px; color: var(--dim); }
dd { margin: 0; min-width: 0; overflow-wrap: anywhere; }
dl .wide { grid-column: 1 / -1; }
.word { display: inline-block; max-width: 100%; overflow-wrap: anywhere; vertical-align: top; }
.missing { color: var(--bad-text); }
.bar { margin-bottom: 14px; font-size: 14px; }
.bar p { display: flex; flex-wrap: wrap; gap: 0 6px; align-items: baseline; margin: 0; }
.bar .name { flex: 1 1 auto; overflow-wrap: anywhere; }
.bar .parts { gap: 0 14px; font-size: 13px; color: var(--dim); }
svg { display: block; width: 100%; height: 14px; margin: 3px 0; }
.track { fill: var(--line); }
${VERDICTS.map((name) => `.v-${name} { fill: var(--${name}); background: var(--${name}); }`).join('\n')}
details { border-top: 1px solid var(--line); }
details:first-of-type { border-top: 0; }
summary { cursor: pointer; padding: 9px 0; display: flex; gap: 14px; align-items: baseline; list-style: none; }
summary::-webkit-details-marker { display: none; }
summary::before { content: "▸"; content: "▸" / ""; color: var(--dim); }
details[open] > summary::before { content: "▾"; content: "▾" / ""; }
summary b { flex: 0 0 auto; min-width: 48px; text-align: right; color: var(--bad-text); font-variant-numeric: tabular-nums; }
summary .name { overflow-wrap: anywhere; flex: 1 1 auto; }
summary .dim { flex: 0 0 auto; font-size: 13px; }
details details > summary { padding-left: 0; }
.fix { padding: 0 0 14px 26px; }
pre { margin: 8px 0 0; padding: 10px 12px; background: var(--page); border: 1px solid var(--line); border-radius: 6px; white-space: pre-wrap; overflow-wrap: anywhere; font: 12.5px/1.5 ui-monospace, Consolas, monospace; user-select: all; }
.form { margin: 8px 0 0; font-size: 13px; }
code { font: 12.5px/1.5 ui-monospace, Consolas, monospace; overflow-wrap: anywhere; }
.tools { display: flex; flex-wrap: wrap; gap: 10px; margin-bottom: 12px; align-items: center; }
input, select, button { font: inherit; color: inherit; background: var(--page); border: 1px solid var(--line); border-radius: 6px; padding: 6px 10px; }
input { flex: 1 1 240px; min-width: 0; }
select { min-width: 0; max-width: 100%; flex: 0 1 auto; }
#source { flex: 0 1 220px; }
button { cursor: pointer; }
button:disabled { opacity: .45; cursor: default; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 1px; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 13.5px; }
th { text-align: left; padding: 0; border-bottom: 2px solid var(--line); white-space: nowrap; }
th button { background: none; border: 0; padding: 7px 10px; font-weight: 600; width: 100%; text-align: left; }
/* The part after the slash is what a screen reader says: nothing. */
th button::after { content: "↕"; content: "↕" / ""; color: var(--dim); opacity: .5; margin-left: 6px; }
th[aria-sort=ascending] button::after { content: "↑"; content: "↑" / ""; opacity: 1; color: var(--accent); }
th[aria-sort=descending] button::after { content: "↓"; content: "↓" / ""; opacity: 1; color: var(--accent); }
td { padding: 6px 10px; border-bottom: 1px solid var(--line); vertical-align: top; overflow-wrap: anywhere; min-width: 84px; }
td:nth-child(1), td:nth-child(2), td:nth-child(3), td:nth-child(5) { white-space: nowrap; }
td:nth-child(4) { min-width: 150px; }
td:nth-child(3) { font: 12.5px/1.6 ui-monospace, Consolas, monospace; }
@media (max-width: 640px) {
  main { padding: 18px 12px 40px; }
  summary { flex-wrap: wrap; gap: 2px 12px; }
  summary .name { flex-basis: 60%; }
  summary .dim { flex-basis: 100%; padding-left: 84px; }
}
@page { size: A4 landscape; margin: 12mm; }
@media print {
  /* Without it, browsers leave out the colors of the bars and of the legend. */
  :root { color-scheme: light; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  body { background: none; font-size: 11px; }
  .tile { flex-basis: 80px; padding: 8px 10px; }
  .tile span { font-size: 10px; }
  main { max-width: none; padding: 0; }
  .tools > :not(#position), th button::after, summary::before { display: none; }
  .tile, .bar, .problem, summary, .fix, tr { break-inside: avoid; }
  h2, summary { break-after: avoid; }
  .card { padding: 10px 12px; }
  .scroll { overflow: visible; }
  table { font-size: 9px; }
  /* Repeated on each page. */
  thead { display: table-header-group; break-inside: avoid; }
  th { white-space: normal; padding: 3px 4px; }
  /* Chromium repeats no head with a button in it. */
  th button { display: contents; }
  td { padding: 2px 4px; min-width: 0; }
  td:nth-child(3), pre { font-size: 8.5px; }
  td:nth-child(4) { min-width: 0; }
}
`;
