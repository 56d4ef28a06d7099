import { TIME_LINE_RULES } from '#drills/time-line-style.ts'

/** The style sheet of the Trust page; the server allows exactly this text by its hash. */
export const TRUST_STYLE = `${TIME_LINE_RULES}
.time-line { display: block; width: 100%; max-width: 30rem; margin: 0.75rem 0; }
:root {
  color-scheme: light dark;
  --page: #f6f7f9; --card: #ffffff; --line: #dfe3e8; --text: #16191d; --soft: #4d5661;
  --link: #0b57b8; --good: #0b6238; --good-back: #e2f4e9; --open: #6b4600; --open-back: #fdf1d8;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #111417; --card: #1a1f24; --line: #323a43; --text: #e8ebee; --soft: #aab4bf;
    --link: #8ab8ff; --good: #86e0ac; --good-back: #12321f; --open: #f2cd7c; --open-back: #352b13;
  }
}
* { box-sizing: border-box; }
html { scroll-behavior: smooth; scroll-padding-top: 1rem; }
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
body { margin: 0; background: var(--page); color: var(--text); font: 1rem/1.55 system-ui, sans-serif; }
a { color: var(--link); }
a:focus-visible, summary:focus-visible { outline: 3px solid var(--link); outline-offset: 3px; border-radius: 4px; }
.skip { position: absolute; left: -100rem; }
.skip:focus { left: 1rem; top: 1rem; background: var(--card); padding: 0.5rem 1rem; z-index: 1; }
.wide { max-width: 64rem; margin: 0 auto; padding: 0 1.25rem; }
.top { border-bottom: 1px solid var(--line); background: var(--card); }
.top .wide { display: flex; flex-wrap: wrap; gap: 0.5rem 1.5rem; align-items: baseline; padding-block: 0.9rem; }
.brand { font-weight: 700; letter-spacing: -0.01em; }
.top nav { display: flex; flex-wrap: wrap; gap: 0.25rem 1.25rem; margin-inline-start: auto; }
h1 { font-size: clamp(1.8rem, 5vw, 2.6rem); line-height: 1.15; letter-spacing: -0.02em; margin: 2.5rem 0 0.5rem; }
h2 { font-size: 1.4rem; letter-spacing: -0.01em; margin: 0; }
h3 { font-size: 1.05rem; line-height: 1.4; margin: 0; }
h4 { font-size: 0.95rem; margin: 0; }
.lead { font-size: 1.1rem; max-width: 46rem; color: var(--soft); }
.sum { display: grid; grid-template-columns: auto 1fr; gap: 0.25rem 1.5rem; align-items: center; }
.sum, .how, .promise { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 1.25rem; }
.sum { margin: 1.5rem 0; }
.count { font-size: 2.2rem; font-weight: 700; letter-spacing: -0.02em; white-space: nowrap; }
.count small { font-size: 1.05rem; font-weight: 500; color: var(--soft); letter-spacing: 0; }
.sum progress { width: 100%; height: 0.7rem; accent-color: var(--good); }
.sum p { grid-column: 1 / -1; margin: 0.25rem 0 0; color: var(--soft); }
.kept-now { grid-column: 1 / -1; margin: 0.75rem 0 0.25rem; padding-inline-start: 1.2rem; }
.layers { list-style: none; margin: 1.5rem 0; padding: 0; display: grid; gap: 0.5rem; grid-template-columns: repeat(auto-fill, minmax(15.5rem, 1fr)); }
.layers a { display: flex; justify-content: space-between; gap: 1rem; padding: 0.6rem 0.9rem; background: var(--card); border: 1px solid var(--line); border-radius: 8px; text-decoration: none; }
.layers a:hover { text-decoration: underline; }
.layers span { color: var(--soft); white-space: nowrap; }
.layer { margin: 2.75rem 0; }
.layer-head { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0.25rem 1rem; align-items: baseline; margin-bottom: 0.9rem; }
.layer-head p { margin: 0; color: var(--soft); }
.promises { display: grid; gap: 0.9rem; }
.promise-head { display: flex; gap: 0.75rem 1rem; justify-content: space-between; align-items: flex-start; }
.id { font: 0.85rem ui-monospace, monospace; color: var(--soft); text-decoration: none; }
.badge { flex: none; font-size: 0.85rem; font-weight: 650; border-radius: 99px; padding: 0.15rem 0.75rem; white-space: nowrap; border: 1px solid currentColor; }
.kept .badge { color: var(--good); background: var(--good-back); }
.not-yet .badge { color: var(--open); background: var(--open-back); border-style: dashed; }
.promise p { margin: 0.6rem 0 0; }
.soft { color: var(--soft); }
.evidence { margin-top: 0.9rem; border-inline-start: 3px solid var(--line); padding-inline-start: 0.9rem; }
.evidence.passed { border-color: var(--good); }
.evidence.failed { border-color: var(--open); }
details { margin-top: 0.9rem; }
summary { cursor: pointer; color: var(--link); }
dl { display: grid; grid-template-columns: minmax(7rem, 12rem) 1fr; gap: 0.3rem 1rem; margin: 0.7rem 0 0; font-size: 0.93rem; }
dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; }
code { font: 0.9em ui-monospace, monospace; overflow-wrap: anywhere; }
footer { border-top: 1px solid var(--line); margin-top: 3rem; padding: 1.5rem 0 3rem; color: var(--soft); }
@media (max-width: 34rem) {
  .promise-head { flex-direction: column-reverse; }
  .sum, dl { grid-template-columns: 1fr; }
  dt { margin-top: 0.4rem; }
}
@media print {
  :root { --page: #fff; --card: #fff; --line: #bbb; --text: #000; --soft: #333; --link: #000; --good: #000; --open: #000; --good-back: #fff; --open-back: #fff; }
  .top nav, .layers, .skip, summary { display: none; }
  details::details-content { content-visibility: visible; height: auto; }
  .promise { break-inside: avoid; }
}
`
