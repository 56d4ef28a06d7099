import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseTraffic } from './traffic.ts'

const HEAD = '# pxname,svname,hrsp_1xx,hrsp_2xx,hrsp_3xx,hrsp_4xx,hrsp_5xx,hrsp_other,'

test('every app is there with its answers by status; the platform itself is not', () => {
  const statistics = [
    HEAD,
    'app.app_shop,BACKEND,1,10,2,3,4,9,',
    'control,BACKEND,0,5,0,0,0,0,',
    'app.app_idle,BACKEND,0,0,0,0,0,0,',
  ].join('\n')
  const times = [
    '# table: times, type: string, size:20480, used:2',
    '0x7f: key=app.app_shop use=0 exp=0 shard=0 gpc0=19 gpc1=1234',
    '0x7f: key=control use=0 exp=0 shard=0 gpc0=5 gpc1=9',
  ].join('\n')
  assert.deepEqual(parseTraffic(statistics, times, ['app_idle']), [
    { appId: 'app_idle', answers: 0, clientErrors: 0, serverErrors: 0, timed: 0, tenthsMs: 0 },
    { appId: 'app_shop', answers: 20, clientErrors: 3, serverErrors: 4, timed: 19, tenthsMs: 1234 },
  ])
})
