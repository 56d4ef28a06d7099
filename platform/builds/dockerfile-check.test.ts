import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readDockerfile } from './dockerfile-check.ts'

const refused = (text: string, pattern: RegExp) =>
  assert.match(readDockerfile(text).refusal ?? 'accepted', pattern)

test('an ordinary Dockerfile: stages are not images, arguments are filled in', () => {
  const text = [
    '# syntax=docker/dockerfile:1',
    'ARG VERSION=22',
    `ARG BASE="node:\${VERSION}"`,
    'FROM --platform=linux/amd64 $BASE AS build',
    'LABEL org.example=1',
    'RUN npm ci && \\',
    '  # a comment in between',
    '',
    '  npm run build',
    'FROM registry.example.org:5000/team/node:22',
    'COPY --chown=1:1 --from=build /app /app',
    'COPY --from=0 /x /x',
    'COPY --from=nginx:1 /etc/nginx /n',
    'CMD ["node", "server.js"]',
  ].join('\r\n')
  assert.deepEqual(readDockerfile(text), {
    images: ['node:22', 'registry.example.org:5000/team/node:22', 'nginx:1'],
    refusal: undefined,
  })
})

test('no image of another app, whichever way it is named', () => {
  for (const name of [
    'maru-app-shop:v1',
    'docker.io/library/maru-app-shop:v1',
    'library/maru-app-shop',
    'b2-app-x',
  ]) {
    refused(`FROM ${name}`, /belongs to an app/)
    refused(`FROM node:22\nCOPY --from=${name} /app /app`, /belongs to an app/)
    refused(`FROM node:22\nONBUILD COPY --from=${name} /app /app`, /belongs to an app/)
    refused(`ARG A=${name}\nFROM \${A}`, /belongs to an app/)
  }
  refused('FROM \\\n  maru-app-shop:v1', /belongs to an app/)
  refused('FROM maru-app-\\\nshop:v1', /belongs to an app/)
})

test('no image by its id', () => {
  for (const id of ['ab', 'sha256:ab12', '0123456789ab']) refused(`FROM ${id}`, /by its id/)
  refused('FROM node:22\nCOPY --from=7 /a /a', /by its id/)
})

test('what could be read in two ways is refused', () => {
  refused('FROM "maru-app-shop:v1"', /named in full/)
  refused(`FROM \${A:-maru-app-shop:v1}`, /named in full/)
  refused('FROM node:22\nCOPY --fr"om"=maru-app-shop:v1 /a /a', /without quotes/)
  refused('# escape=`\nFROM `\nmaru-app-shop:v1', /unknown instruction/)
  refused('\u0085FROM maru-app-shop:v1', /unknown instruction/)
  refused('FROM node:22\nLABEL a=b maru.owner=inst_1', /labels/)
})
