import type { Evidence, PromiseStatus } from '#contract/trust.ts'
import { escapeHtml as safe } from '#runtime/kit/html.ts'
import { ago, elapsed } from '#runtime/kit/human-units.ts'

/** What all cards of a page share; `pictures` are SVG by the name of the evidence that they show. */
export interface Shown {
  readonly now: Date
  readonly pictures: ReadonlyMap<string, string>
}

/** One promise as a card: its wording, its state in words, its evidence or the reason, and how it is proven. */
export function renderPromise(promise: PromiseStatus, shown: Shown): string {
  const { id, state } = promise
  const badge = state === 'kept' ? '✓ Kept' : '○ Not yet kept'
  return `<article class="promise ${state}" id="${id}" aria-labelledby="${id}-title">
<div class="promise-head"><div><a class="id" href="#${id}" aria-label="Link to ${id}">${id}</a>
<h3 id="${id}-title">${safe(promise.wording)}</h3></div><span class="badge">${badge}</span></div>
${promise.reason === null ? '' : `<p><strong>Why not yet:</strong> ${safe(promise.reason)}</p>`}
${promise.note === null ? '' : `<p class="soft">${safe(promise.note)}</p>`}
${promise.evidence.map((one) => renderEvidence(one, shown)).join('\n')}
${renderMore(promise)}</article>`
}

function renderEvidence(evidence: Evidence, { now, pictures }: Shown): string {
  const { source, name, at, passed, summary, facts, durationMs, validS } = evidence
  const rows = [
    ...facts.map((fact) => [fact.name, safe(fact.value)]),
    ['Took', safe(elapsed(durationMs))],
    ['Counts until', renderTime(new Date(Date.parse(at) + validS * 1000))],
  ]
  return `<div class="evidence ${passed ? 'passed' : 'failed'}">
<h4>${source === 'check' ? 'Check' : 'Drill'} ${renderName(evidence)}: ${passed ? 'passed' : 'failed'},
${safe(ago(at, now))} <span class="soft">(${renderTime(new Date(at))})</span></h4>
<p>${safe(summary)}</p>
${source === 'drill' ? (pictures.get(name) ?? '') : ''}
<dl>${rows.map(([term, value]) => `<dt>${safe(term ?? '')}</dt><dd>${value}</dd>`).join('')}</dl></div>`
}

/** Operators find all runs of a drill in the console. */
const renderName = ({ source, name }: Evidence) =>
  source === 'check'
    ? `<code>${safe(name)}</code>`
    : `<a href="/platform/drills/${encodeURIComponent(name)}"><code>${safe(name)}</code></a>`

function renderMore({ id, meaning, proof, owner, iso27001, ismsP }: PromiseStatus): string {
  const rows = [
    ['What has to be real', meaning],
    ['How it is proven', proof],
    ['Code that answers for it', owner],
    ['ISO/IEC 27001:2022', iso27001.join(', ')],
    ['ISMS-P', ismsP.join(', ')],
  ]
  return `<details><summary>What ${id} means and how it is proven</summary>
<dl>${rows.map(([term, value]) => `<dt>${term}</dt><dd>${safe(value ?? '')}</dd>`).join('')}</dl></details>`
}

const FORMAT = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium', timeZone: 'UTC' })

/** A point in time, for people and machines, in UTC. */
export const renderTime = (at: Date): string =>
  `<time datetime="${at.toISOString()}">${FORMAT.format(at)} UTC</time>`
