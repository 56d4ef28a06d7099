export { renderOpenApi } from './openapi.ts'
export { statusHandlers } from './routes.ts'
