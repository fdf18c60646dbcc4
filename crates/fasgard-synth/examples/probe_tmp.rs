use fasgard_synth::*;
use rayon::prelude::*;
struct R(u64);
impl R { fn n(&mut self)->f32{ let mut s=0.0; for _ in 0..6 { self.0=self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407); s+=((self.0>>33) as f32)/(1u64<<31) as f32; } (s-3.0)*1.41 } }
fn feats(c:&Capture, filters:&[Vec<f32>])->Vec<f64>{
  let s=160usize; let px:Vec<[f32;3]>=c.image.pixels().map(|p|p.0.map(|v|v as f32/255.0)).collect();
  let mut planes=vec![vec![0.0f32;s*s];3];
  for (i,p) in px.iter().enumerate(){ let y=0.3*p[0]+0.59*p[1]+0.11*p[2]; planes[0][i]=y; planes[1][i]=p[0]-y; planes[2][i]=p[2]-y; }
  let mut out=vec![];
  for (fi,f) in filters.iter().enumerate(){
    let pl=&planes[if fi%2==0 {0} else {1+(fi/2)%2}]; let dil=[1usize,2,4][fi/2%3];
    let mut vals=vec![]; 
    for y in (2*dil..s-2*dil).step_by(2){ for x in (2*dil..s-2*dil).step_by(2){ let mut a=0.0; for j in 0..5{ for i in 0..5{ a+=f[j*5+i]*pl[(y+j*dil-2*dil)*s+x+i*dil-2*dil]; } } vals.push(a.abs()); } }
    vals.sort_by(f32::total_cmp);
    let n=vals.len(); let q=|t:f32|((vals[((n-1) as f32*t) as usize]+1e-3).ln()) as f64;
    out.extend([q(0.25),q(0.5),q(0.75),q(0.95)]);
  }
  out
}
fn auc(a:&[f64],b:&[f64])->f64{ let mut w=0.0; for x in a{ for y in b{ w+= if x>y {1.0} else if x==y {0.5} else {0.0}; } } w/(a.len()*b.len()) as f64 }
fn main(){
  let mut r=R(5); let filters:Vec<Vec<f32>>=(0..48).map(|_|{ let mut f:Vec<f32>=(0..25).map(|_|r.n()).collect(); let m=f.iter().sum::<f32>()/25.0; f.iter_mut().for_each(|v|*v-=m); f}).collect();
  let o=CaptureOptions::default();
  let get=|p:Presentation,shots:u64|->Vec<(u64,Vec<f64>)>{ (0..200*shots).into_par_iter().map(|i|{ let id=i/shots; (id,feats(&capture(&Identity::new(99,id),p,i%shots,&o),&filters)) }).collect() };
  let live=get(Presentation::Live,4); let pr=get(Presentation::Print,2); let re=get(Presentation::Replay,2);let pe=get(Presentation::PaperEyes,1);let hm=get(Presentation::HalfMask,1);
  let k=live[0].1.len();
  let train:Vec<(&Vec<f64>,f64)>=live.iter().filter(|r|r.0<140).map(|r|(&r.1,1.0)).chain(pr.iter().chain(&re).filter(|r|r.0<140).map(|r|(&r.1,-1.0))).collect();
  let n=train.len() as f64; let mu:Vec<f64>=(0..k).map(|j|train.iter().map(|t|t.0[j]).sum::<f64>()/n).collect();
  let sd:Vec<f64>=(0..k).map(|j|(train.iter().map(|t|(t.0[j]-mu[j]).powi(2)).sum::<f64>()/n).sqrt()+1e-9).collect();
  let z=|x:&Vec<f64>|->Vec<f64>{(0..k).map(|j|(x[j]-mu[j])/sd[j]).collect()};
  let zs:Vec<(Vec<f64>,f64)>=train.iter().map(|t|(z(t.0),t.1)).collect();
  for lam in [1.0,10.0,100.0]{
  let mut a=vec![vec![0.0;k+1];k]; for i in 0..k{ for (x,y) in &zs{ let xi=x[i]; for j in 0..k{ a[i][j]+=xi*x[j]; } a[i][k]+=xi*y; } a[i][i]+=lam; }
  for i in 0..k{ let p=a[i][i]; for r in i+1..k{ let f=a[r][i]/p; if f!=0.0 { for j in i..=k{ let v=a[i][j]; a[r][j]-=f*v; } } } }
  let mut w=vec![0.0;k]; for i in (0..k).rev(){ let s:f64=(i+1..k).map(|j|a[i][j]*w[j]).sum(); w[i]=(a[i][k]-s)/a[i][i]; }
  let score=|rows:&Vec<(u64,Vec<f64>)>|->Vec<f64>{rows.iter().filter(|r|r.0>=140).map(|r|z(&r.1).iter().zip(&w).map(|(a,b)|a*b).sum()).collect()};
  let l=score(&live); println!("lambda {lam}: print {:.3} replay {:.3} paper-eyes {:.3} half-mask {:.3}",auc(&l,&score(&pr)),auc(&l,&score(&re)),auc(&l,&score(&pe)),auc(&l,&score(&hm)));
  }
}
