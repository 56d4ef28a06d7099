export { applyEdge, type EdgeDeps, type EdgeResult, prepareEdge, readEdge } from './apply.ts'
export { EDGE_COMPONENT, EDGE_PORTS, edgeContainer, edgeFiles } from './layout.ts'
export { type EdgePlan, planEdge, type RunningEdge, type RunningServer } from './plan.ts'
export { backendOf, CONTROL_NAME, EDGE_LIMITS, type EdgeApp, type EdgeServer, renderEdge } from './render.ts'
