export { upstreamProblems } from './limits.ts'
export { UPSTREAM_ACTS, upstreamLoop } from './loops.ts'
export { upstreamHandlers } from './routes.ts'
export { UPSTREAM_CHANGED } from './store.ts'
