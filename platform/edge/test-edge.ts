import type { RunningServer } from './plan.ts'
import type { EdgeInput, EdgeServer } from './render.ts'

export const INSTALLATION: EdgeInput['installation'] = {
  name: 'maru',
  domain: 'maru.localhost',
  ports: { http: 80, https: 443 },
  subnet: '10.9',
}

/** An instance as it is wanted. */
export const testServer = (name: string, serves: boolean, address = '10.9.128.5'): EdgeServer => ({
  name,
  address,
  port: 8080,
  serves,
})

/** A server that has requests and passed its last check, where nothing else is said. */
export const runningServer = (name: string, more: Partial<RunningServer> = {}): RunningServer => ({
  backend: 'app.app_x',
  name,
  address: '10.9.128.5',
  port: 8080,
  weight: 8,
  maintenance: false,
  checked: true,
  health: 'up',
  openRequests: 0,
  ...more,
})
