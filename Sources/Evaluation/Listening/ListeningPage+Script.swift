extension ListeningPage {
  static let style = """
    body{padding-bottom:6rem;padding-inline:max(1.2rem,calc(50vw - 52rem))}
    .tools{display:flex;flex-wrap:wrap;gap:.3rem 1.6rem;margin:.4rem 0 1rem}.scroll{overflow-x:auto}
    #pieces{width:100%}#pieces thead th{position:sticky;top:0;background:var(--paper);z-index:1;padding-block:.4rem;white-space:nowrap}
    #pieces thead button{border:0;background:none;padding:0;font-weight:600}#pieces thead button::after{content:'';display:inline-block;width:1em}
    th[aria-sort=ascending] button::after{content:' ↑'!important}th[aria-sort=descending] button::after{content:' ↓'!important}
    #pieces thead .figure button::after{margin-right:-1em}
    #pieces tbody tr{border-top:1px solid var(--faint)}#pieces tbody tr.now{background:var(--card)}
    #pieces td,#pieces tbody th{vertical-align:middle;padding:.25rem .9rem .25rem 0;white-space:nowrap}
    .figure{text-align:right}#descriptor{max-width:11rem;background:var(--paper);border:1px solid var(--line);border-radius:6px}
    .links{display:inline-flex;gap:.5rem;margin-left:.6rem;font-weight:400;font-size:.85rem}
    td.roll{position:relative;width:26rem;min-width:16rem;padding-block:.3rem!important;cursor:pointer}
    .strip{display:block;width:100%;height:3.4rem;background:var(--row2);border-radius:4px}
    .strip path{fill:none;stroke-width:1.15}.strip .bars{stroke:var(--line);stroke-width:1;vector-effect:non-scaling-stroke}
    .t0{stroke:#2f6db3}.t1{stroke:#d9822b}.t2{stroke:#2e8b57}.t3{stroke:#b8423a}.t4{stroke:#7b5ea7}.t5{stroke:#3aa6a6}
    .t6{stroke:#c2679b}.t7{stroke:#8a6d3b}.t8{stroke:#5b7083}.t9{stroke:#9a9b2f}
    @media (prefers-color-scheme:dark){.t0{stroke:#6ea8e8}.t1{stroke:#eba25c}.t2{stroke:#5cbd88}.t3{stroke:#e07b74}.t4{stroke:#ab92d8}}
    .head{position:absolute;top:.3rem;bottom:.3rem;left:0;width:2px;background:var(--ink);display:none;pointer-events:none}
    tr.now .head{display:block}
    #player{position:fixed;inset:auto 0 0 0;display:flex;flex-wrap:wrap;align-items:center;gap:.3rem 1.2rem;background:var(--card);
    border-top:1px solid var(--line);padding:.5rem max(1.2rem,calc(50vw - 52rem));box-shadow:0 -4px 18px #0002;z-index:2}
    #player audio{flex:1 1 20rem;height:2.4rem}#now{min-width:14rem}
    .unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
    @media print{#player,.tools{display:none}}
    """

  static let script = """
    const values=JSON.parse(document.getElementById('data').textContent),audio=document.getElementById('audio'),
    now=document.getElementById('now'),body=document.querySelector('#pieces tbody'),rows=[...body.rows],
    chosen=document.getElementById('descriptor'),keptOnly=document.getElementById('kept'),goOn=document.getElementById('go-on');
    let current=null,sorted={key:'number',down:false};
    // Where a browser gives pages of files no storage, what is kept lasts as long as the page.
    const store=(()=>{try{localStorage.getItem('x');return localStorage}catch{return null}})();
    const place='gruppetto kept '+location.pathname;let kept=new Set();
    try{kept=new Set(JSON.parse(store?.getItem(place)||'[]'))}catch{}
    function remember(){try{store?.setItem(place,JSON.stringify([...kept]))}catch{}}
    for(const row of rows){const box=row.querySelector('.keep');box.checked=kept.has(row.dataset.seed);
    box.addEventListener('change',()=>{box.checked?kept.add(row.dataset.seed):kept.delete(row.dataset.seed);remember();filter()})}
    function filter(){for(const row of rows)row.hidden=keptOnly.checked&&!row.querySelector('.keep').checked}
    keptOnly.addEventListener('change',filter);
    function value(row,key){if(key==='number')return +row.dataset.number;if(key==='kept')return row.querySelector('.keep').checked?0:1;
    if(key==='descriptor'){const v=values[row.dataset.number][chosen.value];return v===null?NaN:v}
    const v=row.cells[3+ +key].dataset.value;return v===''?NaN:+v}
    function sort(key,down){sorted={key,down};const list=rows.map(r=>[value(r,key),r]);
    list.sort((a,b)=>Number.isNaN(a[0])-Number.isNaN(b[0])||(down?b[0]-a[0]:a[0]-b[0])||a[1].dataset.number-b[1].dataset.number);
    body.append(...list.map(e=>e[1]));for(const b of document.querySelectorAll('[data-sort]'))
    b.closest('th').setAttribute('aria-sort',b.dataset.sort===key?(down?'descending':'ascending'):'none')}
    for(const b of document.querySelectorAll('[data-sort]'))b.addEventListener('click',()=>
    sort(b.dataset.sort,sorted.key===b.dataset.sort&&!sorted.down));
    function describe(){for(const row of rows){const v=values[row.dataset.number][chosen.value];
    row.querySelector('.descriptor').textContent=v===null?'–':Math.abs(v)>=100?v.toFixed(0):v.toFixed(Math.abs(v)>=10?1:2)}}
    chosen.addEventListener('change',()=>{describe();if(sorted.key==='descriptor')sort('descriptor',sorted.down)});describe();
    function choose(row){if(current)current.classList.remove('now'),current.querySelector('.play').textContent='▶';
    current=row;row.classList.add('now');audio.src=row.dataset.sound;now.textContent=`Piece ${row.dataset.name}, seed ${row.dataset.seed}`;
    row.scrollIntoView({block:'nearest'})}
    function play(row,share){if(row!==current)choose(row);if(share!==undefined)audio.currentTime=share*row.dataset.seconds;
    audio.play().catch(()=>{now.textContent=`Piece ${row.dataset.name} cannot be played: is ${row.dataset.sound} beside this page?`})}
    for(const row of rows){row.querySelector('.play').addEventListener('click',()=>
    row===current&&!audio.paused?audio.pause():play(row));
    row.querySelector('.roll').addEventListener('click',e=>{const box=row.querySelector('.strip').getBoundingClientRect();
    play(row,Math.min(Math.max((e.clientX-box.left)/box.width,0),1))})}
    for(const [event,sign] of [['play','❚❚'],['pause','▶']])audio.addEventListener(event,()=>{
    if(current){const b=current.querySelector('.play');b.textContent=sign;
    b.setAttribute('aria-label',(event==='play'?'Pause':'Play')+' piece '+current.dataset.name)}});
    function follow(){if(current){const strip=current.querySelector('.strip'),share=Math.min(audio.currentTime/current.dataset.seconds,1);
    current.querySelector('.head').style.left=strip.offsetWidth===undefined?share*strip.getBoundingClientRect().width+'px':share*strip.offsetWidth+'px'}
    requestAnimationFrame(follow)}requestAnimationFrame(follow);
    function beside(step){const list=[...body.rows].filter(r=>!r.hidden);return list[list.indexOf(current)+step]}
    audio.addEventListener('ended',()=>{const next=beside(1);if(goOn.checked&&next)play(next)});
    document.addEventListener('keydown',e=>{if(e.ctrlKey||e.metaKey||e.altKey||e.target.matches?.('select,input,a,audio'))return;
    const isButton=e.target.matches?.('button');
    if(e.key===' '&&!isButton){e.preventDefault();current?(audio.paused?audio.play():audio.pause()):rows[0]&&play(body.rows[0])}
    else if(e.key==='ArrowDown'||e.key==='ArrowUp'){const row=current?beside(e.key==='ArrowDown'?1:-1):body.rows[0];
    if(row){e.preventDefault();play(row)}}
    else if(e.key==='s'&&current)current.querySelector('.keep').click()});
    """
}
