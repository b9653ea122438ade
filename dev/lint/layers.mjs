// The layers of this repository, as zones of `import-x/no-restricted-paths`. docs/architecture.md has the picture.

/** Zones that let each level import itself and the levels before it. `levels` are paths below `folder`, lowest first. */
function ladder(folder, levels) {
  const order = levels.map((level) => level.join(' | ')).join(' < ');
  const message = `The layers of ${folder === '.' ? 'this repository' : folder} are ${order}: import only from lower ones.`;
  const below = (level) => level.map((name) => `${folder}/${name}`);
  return levels
    .slice(0, -1)
    .map((level, index) => ({ target: below(level), from: below(levels.slice(index + 1).flat()), message }));
}

/** Zones that keep two folders from importing each other. */
function apart(one, other) {
  const message = `${one} and ${other} never import each other.`;
  return [
    { target: one, from: other, message },
    { target: other, from: one, message },
  ];
}

export const ZONES = [
  ...ladder('.', [['schemas'], ['infra'], ['ingress', 'processor'], ['dev'], ['lab'], ['soak', 'bench'], ['test']]),
  ...ladder('infra', [
    ['async', 'settings', 'observability'],
    ['kafka', 'object-store', 'schema-registry', 'spool'],
    ['program'],
  ]),
  ...ladder('processor/join', [['rules'], ['state'], ['log'], ['task'], ['progress'], ['join-role.ts']]),
  ...ladder('processor/archive', [
    ['recording'],
    ['source', 'spill', 'store'],
    ['intake', 'pipeline'],
    ['rescue'],
    ['archive-role.ts'],
  ]),
  ...apart('ingress', 'processor'),
  ...apart('processor/join', 'processor/archive'),
  ...apart('ingress/http', 'ingress/spool'),
  ...apart('soak', 'bench'),
  {
    target: 'ingress/spool',
    from: ['ingress/delivery', 'infra/kafka'],
    message: 'The spool is a queue on disk: it knows nothing of delivery or Kafka.',
  },
  {
    target: 'processor/join/rules',
    from: '.',
    except: ['processor/join/rules', 'schemas'],
    message: 'The join rules are pure: they import schemas only.',
  },
];
