export { renderOpenApi } from './openapi.ts'
export { problemsOf } from './problems.ts'
export { statusHandlers } from './routes.ts'
