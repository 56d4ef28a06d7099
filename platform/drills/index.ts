export { makePictures } from './pictures.ts'
export { drillHandlers } from './routes.ts'
export { drillAt } from './store.ts'
