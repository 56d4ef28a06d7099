export { countApps, teamOfApp } from './app-store.ts'
export {
  findApp,
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
export { appHandlers } from './routes.ts'
