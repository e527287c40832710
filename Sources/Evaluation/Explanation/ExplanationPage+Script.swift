extension ExplanationPage {
  static let style = """
    .roll{overflow-x:auto;border:1px solid var(--line);border-radius:8px;background:var(--paper)}
    .roll svg{display:block;max-width:100%;height:auto;min-width:720px}
    .roll rect[data-note]{cursor:pointer}
    .roll rect[data-note]:hover{stroke:var(--ink);stroke-width:1.2}
    .roll rect.chosen{stroke:var(--accent);stroke-width:2.4;paint-order:stroke}
    .roll .paper{fill:var(--paper)}.roll text{fill:var(--soft)}.roll .title{fill:var(--ink)}
    .roll .light{fill:var(--row)}.roll .dark{fill:var(--row2)}.roll .drumrow{fill:var(--row2)}
    .roll .beat{stroke:var(--faint)}.roll .bar,.roll .frame{stroke:var(--line)}.roll .octave{stroke:var(--faint)}
    .lists{display:grid;grid-template-columns:repeat(auto-fit,minmax(18rem,1fr));gap:0 2.5rem;padding-bottom:22rem}
    #panel{position:fixed;left:0;right:0;bottom:0;max-height:45vh;overflow:auto;background:var(--card);
    border-top:2px solid var(--accent);padding:.7rem max(1.2rem,calc(50vw - 38rem)) 1rem;box-shadow:0 -6px 24px #0003}
    #panel h2{margin:.1rem 0 .5rem;font-size:1.05rem}#panel .columns{display:flex;flex-wrap:wrap;gap:.4rem 2.5rem}
    #panel .columns>div{min-width:15rem;flex:1 1 17rem}#panel h3{font-size:.85rem;margin:.2rem 0;color:var(--soft);font-weight:600}
    #panel table{width:100%}#panel td:last-child{white-space:nowrap;text-align:right}
    .meter{display:inline-block;height:.55em;background:var(--accent);border-radius:2px;margin-right:.5em;vertical-align:baseline}
    .no{color:var(--soft)}.no .what{text-decoration:line-through}.token{color:var(--soft);font:.8em ui-monospace,monospace}
    .hint{color:var(--soft);margin:.2rem 0}
    """

  static let script = """
    const notes=JSON.parse(document.getElementById('data').textContent),panel=document.getElementById('panel'),
    roll=document.getElementById('roll');let current=-1;
    const rects=new Map();for(const r of roll.querySelectorAll('[data-note]')){const n=+r.dataset.note;
    if(!rects.has(n))rects.set(n,[]);rects.get(n).push(r)}
    const order=[...rects.keys()].sort((a,b)=>notes[a].reason.bar-notes[b].reason.bar||notes[a].reason.beat-notes[b].reason.beat
    ||notes[a].reason.part-notes[b].reason.part||a-b);
    const percent=p=>p>=.9995?'100 %':p>=.1?(100*p).toFixed(0)+' %':p>=.001?(100*p).toFixed(1)+' %':'under 0.1 %';
    function element(tag,text,name){const e=document.createElement(tag);if(text!==undefined)e.textContent=text;
    if(name)e.className=name;return e}
    function table(rows){const t=element('table');for(const r of rows){const tr=t.insertRow();const a=tr.insertCell(),b=tr.insertCell();
    a.append(element('span',r.words||r.by,'what'));if(r.token)a.append(' ',element('span',r.token,'token'));
    if(r.obstacle){tr.className='no';a.append(' — forbidden by '+r.obstacle)}
    const m=element('span','','meter');m.style.width=(4*r.probability).toFixed(2)+'rem';b.append(m,percent(r.probability))}return t}
    function column(title,content){const d=element('div');d.append(element('h3',title),content);return d}
    function show(n,scroll){if(!notes[n])return;for(const r of rects.get(current)||[])r.classList.remove('chosen');current=n;
    for(const r of rects.get(n)||[])r.classList.add('chosen');const {reason,copy,reference}=notes[n];
    panel.replaceChildren(element('h2',`${reason.name}, bar ${reason.bar}, beat ${+reason.beat.toFixed(2)}, part ${reason.part}: `
    +`${reason.surprisal.toFixed(2)} nats`));
    const columns=element('div',undefined,'columns');
    columns.append(column('What was written, with its probability',table(reason.tokens)));
    columns.append(column('What the model would have written most likely instead',table(reason.alternatives)));
    const more=element('div');
    if(reason.forbidden.length){more.append(element('h3','Forbidden here'),table(reason.forbidden))}
    more.append(element('h3','Where it comes from'));for(const t of [reference,copy])if(t)more.append(element('p',t,'hint'));
    if(!reference&&!copy)more.append(element('p','Written anew; no long passage of a training piece was found here.','hint'));
    columns.append(more);panel.append(columns);
    if(scroll)rects.get(n)?.[0]?.scrollIntoView({block:'center',inline:'center',behavior:'smooth'})}
    let held=false;
    roll.addEventListener('pointerover',e=>{const n=e.target.dataset?.note;if(n!==undefined&&!held)show(+n)});
    roll.addEventListener('click',e=>{const n=e.target.dataset?.note;if(n!==undefined){held=true;show(+n)}else held=false});
    roll.addEventListener('keydown',e=>{const step={ArrowRight:1,ArrowLeft:-1,ArrowDown:1,ArrowUp:-1}[e.key];
    if(!step)return;e.preventDefault();held=true;const at=order.indexOf(current);
    show(order[Math.min(Math.max(at<0?0:at+step,0),order.length-1)],true)});
    document.addEventListener('click',e=>{const n=e.target.dataset?.go;if(n!==undefined){held=true;show(+n,true);roll.focus({preventScroll:true})}});
    """
}
