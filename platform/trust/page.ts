import type { PromiseStatus, TrustReport } from '#contract/trust.ts'
import { escapeHtml as safe } from '#runtime/kit/html.ts'
import { counted } from '#runtime/kit/human-units.ts'
import { renderPromise, renderTime, type Shown } from './page-promise.ts'
import { TRUST_STYLE } from './page-style.ts'

/** The Trust page: one document without script, for customers, their lawyers and auditors. */
export function renderTrustPage(
  report: TrustReport,
  pictures: ReadonlyMap<string, string> = new Map(),
): string {
  const layers = Map.groupBy(report.promises, ({ layer }) => layer)
  const now = new Date(report.at)
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Trust · ${safe(report.installation)}</title>
<meta name="description" content="What this platform promises, what is kept now, and what is not yet.">
<style>${TRUST_STYLE}</style></head><body>
<a class="skip" href="#promises">Skip to the promises</a>
<header class="top"><div class="wide"><span class="brand">Maru · ${safe(report.installation)}</span>
<nav aria-label="Site"><a href="/">Console</a><a href="/docs">API</a><a href="/v1/trust">This page for machines</a></nav></div></header>
<main class="wide"><h1>What this platform promises, and what it keeps today</h1>
<p class="lead">A promise counts as kept only while a check or a drill on this running platform proves it, and only as long as
that proof is fresh. Nobody can mark one as kept. Where something is missing, the page says what.</p>
${renderSummary(report)}
<nav aria-label="Layers"><ul class="layers">${[...layers].map(([layer, promises]) => renderLink(layer, promises)).join('')}</ul></nav>
<div id="promises">${[...layers].map(([layer, promises]) => renderLayer(layer, promises, { now, pictures })).join('\n')}</div>
${HOW_TO_VERIFY}
</main><footer><div class="wide">Maru ${safe(report.version)}. All times are in UTC. Names of customers, apps and
people never appear here.</div></footer></body></html>
`
}

function renderSummary({ kept, promises, at }: TrustReport): string {
  const all = promises.length
  return `<section class="sum" aria-label="Summary"><span class="count">${kept} <small>of ${all} kept now</small></span>
<progress value="${kept}" max="${all}" aria-label="Promises kept">${kept} of ${all}</progress>
${renderKept(promises)}<p>As of ${renderTime(new Date(at))}. ${counted(all - kept, 'promise')} not yet kept, each with the reason. Load the page again
for the newest state.</p></section>`
}

/** Links to what is kept: it stands far down the page, among all that is not. */
function renderKept(promises: readonly PromiseStatus[]): string {
  const links = promises
    .filter(({ state }) => state === 'kept')
    .map(({ id, wording }) => `<li><a href="#${id}">${safe(wording)}</a> <span class="id">${id}</span></li>`)
  return links.length === 0 ? '' : `<ul class="kept-now">${links.join('')}</ul>`
}

const keptOf = (promises: readonly PromiseStatus[]) =>
  `${promises.filter(({ state }) => state === 'kept').length} of ${promises.length} kept`

const anchorOf = (layer: string) => safe(layer.toLowerCase().replaceAll(/[^a-z]+/g, '-'))

const renderLink = (layer: string, promises: readonly PromiseStatus[]) =>
  `<li><a href="#${anchorOf(layer)}">${safe(layer)} <span>${keptOf(promises)}</span></a></li>`

function renderLayer(layer: string, promises: readonly PromiseStatus[], shown: Shown): string {
  const anchor = anchorOf(layer)
  return `<section class="layer" id="${anchor}" aria-labelledby="${anchor}-title">
<div class="layer-head"><h2 id="${anchor}-title">${safe(layer)}</h2><p>${keptOf(promises)}</p></div>
<div class="promises">${promises.map((one) => renderPromise(one, shown)).join('\n')}</div></section>`
}

const HOW_TO_VERIFY = `<section class="how" aria-labelledby="how-title"><h2 id="how-title">How to verify this page</h2>
<p>Checks run by themselves every few minutes, and drills break something on purpose when an operator starts them. Everything
here is made from what they found: the same facts are at <a href="/v1/trust">/v1/trust</a> for programs.</p>
<p>An operator can run every check at once, in front of you: <code>maru trust verify</code>. It prints each result as it ends and
fails when a promise that counted as kept is not.</p></section>`
