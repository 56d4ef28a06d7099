export { countApps, findAppById, teamOfApp } from './app-store.ts'
export {
  findApp,
  listAppNames,
  listFinishedReleases,
  listHostNames,
  listServingReleases,
  type ServingRelease,
  startRotation,
  startStack,
} from './directory.ts'
export { places } from './host-places.ts'
export { appJobs } from './jobs.ts'
export { appLoops, strayFilesLoop } from './loops.ts'
export { followOneOff } from './one-off.ts'
export { appHandlers } from './routes.ts'
