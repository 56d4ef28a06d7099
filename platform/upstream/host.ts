/** The host's half, for its agent: without the database, which only the control plane has. */
export { birdCommand, upstreamContainer, upstreamFiles } from './layout.ts'
export { makeRates, type Rates } from './rates.ts'
export { renderBird, type Speaker, sessionOf, standing } from './render.ts'
export { counterOf, renderUpstreamFilter, upstreamTableOf } from './render-filter.ts'
