export { findRotation, findUrl } from './credentials.ts'
export { dropDatabase, ensureDatabase } from './provision.ts'
export { abandonRotation, beginRotation, dataJobs, finishRotation } from './rotation.ts'
export { type AppDirectory, makeDataHandlers } from './routes.ts'
