import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sampleResult } from '../test-result.ts'
import { PairNews, progressAsNews } from './pair-news.ts'

test('how a drill goes, and its result, arrive as they were said', () => {
  const said: string[] = []
  const say = (news: PairNews) => void said.push(JSON.stringify(news))
  const progress = progressAsNews(say)
  progress.step('Fault')
  progress.log('first success 1.32 s after the fault')
  progress.end('failed')
  say({ type: 'result', result: sampleResult() })
  assert.deepEqual(
    said.map((line) => PairNews.parse(JSON.parse(line))),
    [
      { type: 'progress', does: 'step', text: 'Fault' },
      { type: 'progress', does: 'log', text: 'first success 1.32 s after the fault' },
      { type: 'end', how: 'failed' },
      { type: 'result', result: sampleResult() },
    ],
  )
})
