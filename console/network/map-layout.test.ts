import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Flow } from './flows.ts'
import { layOut, NODE, neighbour } from './map-layout.ts'

const flow = (from: string, to: string): Flow => ({ from, to, rules: [], byPeople: false })
const FLOWS = [
  flow('internet', 'edge'),
  flow('edge', 'apps'),
  flow('edge', 'control'),
  flow('apps', 'proxy'),
  flow('control', 'proxy'),
  flow('proxy', 'database'),
  flow('database', 'database'),
  flow('database', 'store'),
  flow('agent', 'store'),
]

test('columns lead from the outside to the data, and nobody stands upon another', () => {
  const { nodes, columns, width, height } = layOut(FLOWS)
  assert.deepEqual(
    columns.map(({ place }) => place),
    ['outside', 'host', 'apps', 'middle', 'data'],
  )
  assert.equal(nodes.length, 8)
  for (const one of nodes) {
    assert.ok(one.x >= 0 && one.x + NODE.width <= width && one.y >= 0 && one.y + NODE.height <= height)
    for (const other of nodes)
      if (one !== other && one.x === other.x) assert.ok(Math.abs(one.y - other.y) >= NODE.height)
  }
})

test('who speaks with whom stands near: two chains side by side do not cross', () => {
  const chains = [
    ...[flow('internet', 'edge'), flow('edge', 'app:zoo'), flow('app:zoo', 'proxy')],
    ...[flow('private', 'host'), flow('host', 'app:ape'), flow('app:ape', 'store')],
  ]
  const { nodes } = layOut(chains)
  const rowOf = (name: string) => nodes.find((node) => node.name === name)?.row
  assert.equal(rowOf('edge'), rowOf('app:zoo'))
  assert.equal(rowOf('app:zoo'), rowOf('proxy'))
  assert.equal(rowOf('host'), rowOf('app:ape'))
})

test('every flow between two is a line, what a group does among itself is none', () => {
  const { lines, nodes } = layOut(FLOWS)
  assert.equal(lines.length, FLOWS.length - 1)
  const database = nodes.find(({ name }) => name === 'database')
  const toStore = lines.find(({ flow: { from, to } }) => from === 'database' && to === 'store')
  assert.ok(toStore?.path.startsWith(`M${database?.x} `), 'leftwards it leaves at the left')
  assert.equal(new Set(lines.map(({ path }) => path)).size, lines.length)
})

test('lines that meet a node do so at heights of their own', () => {
  const { lines } = layOut(FLOWS)
  const atProxy = lines.filter(({ flow: { to } }) => to === 'proxy').map(({ head }) => head)
  assert.equal(new Set(atProxy).size, 2)
})

test('arrow keys lead to everybody, and stay at the edges', () => {
  const { nodes } = layOut(FLOWS)
  assert.equal(neighbour(nodes, 'internet', 'ArrowLeft'), undefined)
  assert.equal(neighbour(nodes, 'internet', 'ArrowUp'), undefined)
  assert.equal(neighbour(nodes, 'proxy', 'ArrowRight')?.name, 'database')
  assert.equal(
    neighbour(nodes, 'apps', 'ArrowDown')?.name ?? neighbour(nodes, 'apps', 'ArrowUp')?.name,
    'control',
  )
  assert.equal(neighbour(nodes, 'nobody', 'ArrowUp'), undefined)
})

test('nothing to show is an empty map', () => {
  assert.deepEqual(layOut([]).nodes, [])
})

test('a line that passes a column passes beside whoever stands there', () => {
  const { lines, nodes } = layOut([...FLOWS, flow('apps', 'internet'), flow('control', 'internet')])
  const host = nodes.filter(({ column }) => column === 1)
  const passing = lines.filter(({ flow: { to } }) => to === 'internet')
  assert.equal(passing.length, 2)
  for (const { path } of passing) {
    const lane = [...path.matchAll(/([\d.]+) ([\d.]+)(?= C)/g)].map(([, x, y]) => ({
      x: Number(x),
      y: Number(y),
    }))
    const inside = lane.filter(({ x }) => host.some((node) => x > node.x - 1 && x < node.x + NODE.width + 1))
    assert.ok(inside.length > 0)
    for (const { y } of inside) assert.ok(host.every((node) => y < node.y || y > node.y + NODE.height))
  }
})
